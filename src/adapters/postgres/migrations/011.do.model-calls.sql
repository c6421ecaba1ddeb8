-- Every request to a model: what the budget of the day is counted from, over all processes.
create table model_calls (
  id text primary key,
  at timestamptz not null,
  model text not null,
  input_tokens bigint,
  output_tokens bigint,
  cost double precision
);

create index model_calls_at on model_calls (at);
