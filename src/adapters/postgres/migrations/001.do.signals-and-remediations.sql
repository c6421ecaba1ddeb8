create extension if not exists vector;

-- One row per occurrence of an alert in one status: the key of deduplication.
create table signals (
  cluster        text        not null,
  fingerprint    text        not null,
  starts_at      timestamptz not null,
  status         text        not null,
  outcome        text        not null,
  workflow_id    text,
  remediation_id text,
  reason         text,
  at             timestamptz not null,
  signal         jsonb       not null,
  primary key (cluster, fingerprint, starts_at, status)
);
create index signals_by_fingerprint on signals (fingerprint, at desc);
create index signals_by_at on signals (at);

-- Ids compare bytewise so that the primary key also serves prefix lookups.
create table remediations (
  id          text collate "C" primary key,
  workflow_id text        not null,
  run_id      text        not null,
  cluster     text        not null,
  namespace   text,
  kind        text        not null,
  name        text        not null,
  phase       text        not null,
  outcome     text,
  severity    text        not null,
  started_at  timestamptz not null,
  closed_at   timestamptz,
  revision    bigint      not null,
  doc         jsonb       not null
);
create index remediations_newest on remediations (started_at desc, id desc);
create index remediations_of_workflow on remediations (workflow_id, started_at desc, id desc);
create index remediations_of_namespace on remediations (namespace, started_at desc, id desc);

create table steps (
  remediation_id text collate "C" not null references remediations (id) on delete cascade,
  rung           int         not null,
  ordinal        int         not null,
  action         text        not null,
  cluster        text        not null,
  namespace      text,
  kind           text        not null,
  name           text        not null,
  tier           int         not null,
  status         text        not null,
  effect         text,
  at             timestamptz not null,
  doc            jsonb       not null,
  primary key (remediation_id, rung, ordinal)
);
create index steps_of_target on steps (cluster, kind, name, at desc);

create table assessments (
  remediation_id text collate "C" not null references remediations (id) on delete cascade,
  rung           int         not null,
  horizon        text        not null,
  due_at         timestamptz not null,
  at             timestamptz,
  verdict        text,
  evidence       jsonb       not null,
  primary key (remediation_id, rung, horizon)
);
