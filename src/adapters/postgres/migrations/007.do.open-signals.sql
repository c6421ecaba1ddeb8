-- What a source that watches by itself reported and has not yet seen end.
create index signals_firing_of_source on signals ((signal ->> 'source'), cluster) where status = 'firing';
