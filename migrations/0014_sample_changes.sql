-- What the steps of a data recipe did to the parent's samples on the way to this version: why each one was rewritten or
-- removed. Samples that no step touched have no row.
create table sample_changes (
    version_id uuid not null references dataset_versions on delete cascade,
    -- The parent's sample, and its place there.
    sample_id bigint not null references samples,
    position integer not null,
    -- The rewritten sample; null for a removed one.
    new_sample_id bigint references samples,
    -- [{step, reason}] (domain::steps::Change).
    changes jsonb not null,
    primary key (version_id, position)
);
create index sample_changes_sample on sample_changes (sample_id);
