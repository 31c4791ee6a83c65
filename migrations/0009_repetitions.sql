-- Where a run comes from besides its clone, and what its result was made of. Repeating a run and finding the same bits
-- proves that it can be reproduced; the manifest says what differed where they are not the same.

alter table runs
    -- The run whose recipe, model and data this one repeats, to be compared bit by bit.
    add column repeats uuid references runs,
    -- The run whose adapter this one goes on training.
    add column continues uuid references runs,
    -- The trainer's manifest.json, once the run has succeeded.
    add column manifest jsonb;
create index runs_repeats on runs (repeats) where repeats is not null;
