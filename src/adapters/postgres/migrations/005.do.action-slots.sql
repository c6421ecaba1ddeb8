-- Actions that are under way. A slot outlives its process by the lease, then it is free. One that is over does not count any
-- more, and is kept for a while: an attempt whose report was lost finds that it had been there.
create table action_slots (
  id         text primary key,
  cluster    text        not null,
  namespace  text,
  target     text        not null,
  node_pool  text,
  is_over    boolean     not null default false,
  expires_at timestamptz not null
);

-- Counting and taking are one step under one lock per cluster: two workers never both take the last one.
-- Returns which brake holds, or null when the slot is taken. `is_ongoing`: it wrote already and must go on.
create function take_action_slot(
  new_id text, in_cluster text, in_namespace text, on_target text, in_pool text,
  at timestamptz, until timestamptz, is_ongoing boolean,
  per_cluster int, per_namespace int, per_target int, per_pool int
) returns text language plpgsql as $$
declare
  held record;
begin
  perform pg_advisory_xact_lock(hashtextextended('action_slots ' || in_cluster, 0));
  delete from action_slots where cluster = in_cluster and expires_at <= at;
  if not is_ongoing and not exists (select 1 from action_slots where id = new_id) then
    select count(*) as cluster,
           count(*) filter (where namespace = in_namespace) as namespace,
           count(*) filter (where target = on_target) as target,
           count(*) filter (where node_pool = in_pool) as pool
      into held from action_slots where cluster = in_cluster and not is_over;
    if held.target >= per_target then return 'perTarget'; end if;
    if held.pool >= per_pool then return 'perNodePool'; end if;
    if held.namespace >= per_namespace then return 'perNamespace'; end if;
    if held.cluster >= per_cluster then return 'perCluster'; end if;
  end if;
  insert into action_slots (id, cluster, namespace, target, node_pool, expires_at)
    values (new_id, in_cluster, in_namespace, on_target, in_pool, until)
    on conflict (id) do update set expires_at = excluded.expires_at, is_over = false;
  return null;
end $$;
