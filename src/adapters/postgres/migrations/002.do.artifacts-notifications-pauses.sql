-- Text, not jsonb: the reference is the hash of exactly these bytes.
create table artifacts (
  ref     text primary key,
  kind    text        not null,
  content text        not null,
  at      timestamptz not null
);

create table notifications (
  remediation_id text        not null,
  channel        text        not null,
  kind           text        not null,
  status         text        not null,
  attempts       int         not null,
  provider_id    text,
  error          text,
  updated_at     timestamptz not null,
  primary key (remediation_id, channel, kind)
);

create table pauses (
  cluster   text,
  namespace text,
  action    text,
  paused_by text        not null,
  reason    text        not null,
  until     timestamptz
);
-- An absent member means "any": two absent ones are the same scope, which a plain unique index does not say.
create unique index pauses_scope on pauses (coalesce(cluster, ''), coalesce(namespace, ''), coalesce(action, ''));
