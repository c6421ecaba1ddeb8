-- Storm mode, one row per cluster, kept when the storm is over: `version` then still tells two changes apart.
create table storms (
  cluster    text        primary key,
  version    bigint      not null,
  since      timestamptz,
  why        text,
  calm_since timestamptz,
  read_at    timestamptz not null
);
