-- What filter rules made of a signal: the names of those that acted, in order; until when a rule holds its remediation back.
alter table signals add column rules text[], add column held_until timestamptz;

-- Occurrences of one key that a rule counts before it lets any of them through. Times are those of the alerts, not of their
-- arrival: repeats, delays and restarts change nothing.
create table filter_counts (
  rule        text        not null,
  key         text        not null,
  cluster     text        not null,
  fingerprint text        not null,
  starts_at   timestamptz not null,
  primary key (rule, key, cluster, fingerprint, starts_at)
);

-- Takes the occurrence in and returns the most that started within one `within` together with it. One after another per key:
-- of two that arrive at the same moment the second counts the first.
create function count_for_rule(in_rule text, in_key text, of_cluster text, of_fingerprint text, started timestamptz, within interval)
returns bigint language plpgsql as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('filter_counts ' || in_rule || ' ' || in_key, 0));
  delete from filter_counts where rule = in_rule and key = in_key and starts_at < started - 2 * within;
  insert into filter_counts values (in_rule, in_key, of_cluster, of_fingerprint, started) on conflict do nothing;
  return (
    select max(n) from (
      select starts_at, count(*) over (order by starts_at range between within preceding and current row) as n
        from filter_counts
       where rule = in_rule and key = in_key and starts_at between started - within and started + within
    ) as windows where starts_at >= started
  );
end $$;
