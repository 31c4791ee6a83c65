-- How alike the splits of a version are, and which of its held-out samples training has seen. Computed from what never
-- changes, so once for each setting; the reports are kept with the version because every launch on it asks again.
create table split_checks (
    version_id uuid not null references dataset_versions on delete cascade,
    -- What counts as a leak (domain::split::LeakCheck).
    settings jsonb not null,
    splits jsonb not null,
    leaks jsonb not null,
    created_at timestamptz not null default now(),
    primary key (version_id, settings)
);

-- An owner's signature under a launch in spite of leaks: who, why, when, how many samples. Null for all other runs.
alter table runs add column leak_override jsonb;
