-- Edits of watched objects, each field with its values before and after, redacted. Nothing is written while nothing is edited.
create table object_changes (
  cluster   text        not null,
  uid       text        not null,
  version   text        not null,
  kind      text        not null,
  namespace text        not null,
  name      text        not null,
  at        timestamptz not null,
  verb      text        not null,
  by        text,
  fields    jsonb       not null,
  primary key (cluster, uid, version)
);
create index object_changes_around on object_changes (cluster, namespace, at desc);

-- The newest version of each ConfigMap that was read for a remediation: sixteen bits of a hash per key, no value.
create table config_versions (
  cluster   text        not null,
  namespace text        not null,
  name      text        not null,
  uid       text        not null,
  version   text        not null,
  at        timestamptz not null,
  keys      jsonb       not null,
  primary key (cluster, namespace, name)
);
