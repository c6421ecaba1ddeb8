create table incidents (
  remediation_id text primary key,
  summary        text         not null,
  action         text,
  outcome        text         not null,
  is_verified    boolean      not null,
  embedding      vector(384)  not null,
  at             timestamptz  not null
);

-- hnsw came with pgvector 0.5; without it the search is exact and slower. The predicate is that of the search:
-- an index over all rows would let unverified neighbours use up its candidates.
do $$
begin
  if exists (select from pg_am where amname = 'hnsw') then
    execute 'create index incidents_nearest on incidents using hnsw (embedding vector_cosine_ops) where is_verified';
  end if;
end $$;
