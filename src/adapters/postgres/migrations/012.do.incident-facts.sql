-- The facts of an incident are kept apart from how it is found: the vector may be another server's, or not be made yet.
alter table incidents
  add column cluster    text not null default '',
  add column namespace  text,
  add column kind       text not null default '',
  add column cause      text not null default '',
  add column alert      text not null default '',
  add column signature  text not null default '',
  add column embedder   text,
  -- VectorIndex.name of the index that has this row as it is now.
  add column indexed_in text,
  alter column embedding drop not null;

drop index if exists incidents_nearest;

-- Texts of another form than today's cannot be compared: they are embedded again.
update incidents set signature = summary, embedding = null;
-- Any dimensions: which ones is the embedder's business, and two embedders are never compared.
alter table incidents alter column embedding type vector;

-- hnsw needs one number of dimensions; 384 is that of the embedder made here. Others are searched exactly.
do $$
begin
  if exists (select from pg_am where amname = 'hnsw') then
    execute 'create index incidents_nearest on incidents using hnsw ((embedding::vector(384)) vector_cosine_ops) where is_verified and vector_dims(embedding) = 384';
  end if;
end $$;

create index incidents_due on incidents (at, remediation_id) where indexed_in is null;
