-- The kind of trouble that a step was taken against: `oom` of `oom.limit_lowered`.
alter table steps add column cause_family text generated always as (split_part(doc->>'cause', '.', 1)) stored;

-- How often an action helped against it; steps without a measured effect are not in it.
create index steps_measured on steps (cluster, cause_family, action, at) where effect in ('effective', 'ineffective', 'harmful');
