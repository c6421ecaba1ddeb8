-- Signed links that decided, or are deciding: each works once. Only a digest of the link is kept.
create table approval_links (
  id text primary key,
  remediation_id text not null,
  plan text not null,
  audience text not null,
  claimed_at timestamptz not null,
  decision text,
  decided_by text,
  decided_at timestamptz
);
create index approval_links_of_remediation on approval_links (remediation_id);
