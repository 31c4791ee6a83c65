-- Samples that were erased are left out wherever a version is made or trained on. There are few of them among millions, so
-- that they are found by themselves.
create index samples_forgotten on samples (id) where forgotten_at is not null;
