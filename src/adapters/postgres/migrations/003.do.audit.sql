create table audit (
  seq       bigint primary key,
  at        timestamptz not null,
  actor     text        not null,
  verb      text        not null,
  subject   text        not null,
  details   jsonb,
  previous  text        not null,
  hash      text        not null
);

create function audit_hash(previous text, seq bigint, at timestamptz, actor text, verb text, subject text, details jsonb)
returns text language sql stable as $$
  select encode(sha256(convert_to(
    jsonb_build_array(previous, seq, extract(epoch from at), actor, verb, subject, details)::text, 'UTF8')), 'hex')
$$;

-- Number and chain are given under one lock: a sequence would hand out numbers before it, and the chain would fork.
create function audit_link() returns trigger language plpgsql as $$
declare
  last record;
begin
  perform pg_advisory_xact_lock(7205759403792794);
  select a.seq, a.hash into last from audit a order by a.seq desc limit 1;
  new.seq := coalesce(last.seq, 0) + 1;
  new.previous := coalesce(last.hash, '');
  new.hash := audit_hash(new.previous, new.seq, new.at, new.actor, new.verb, new.subject, new.details);
  return new;
end $$;
create trigger audit_link before insert on audit for each row execute function audit_link();

create function audit_refuse() returns trigger language plpgsql as $$
begin
  raise exception 'the audit table is append-only' using errcode = 'insufficient_privilege';
end $$;
create trigger audit_no_change before update or delete on audit for each row execute function audit_refuse();
create trigger audit_no_truncate before truncate on audit for each statement execute function audit_refuse();
