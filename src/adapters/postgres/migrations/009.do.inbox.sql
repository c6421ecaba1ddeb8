-- The inbox: what was taken from a sender and has not found its workflow yet. Its index stays as small as the inbox.
create index signals_waiting on signals (at) where outcome = 'received';

-- Symptoms that were given to the remediation of their probable root, until they go their own way.
create index signals_grouped on signals (held_until) where outcome = 'joined' and held_until is not null;
