-- What a version has to say about itself: the licence of its dataset, and how it differs from another version.

-- Under which licence the data may be used: an SPDX identifier or any text; empty where nobody has said.
alter table datasets add column license text not null default '';

-- Two versions compared. Versions never change, so neither does this; it is kept because matching a million rows takes
-- seconds, and every page of the comparison needs it. The newest few of a dataset are kept.
create table version_diffs (
    id bigint generated always as identity primary key,
    from_id uuid not null references dataset_versions on delete cascade,
    to_id uuid not null references dataset_versions on delete cascade,
    -- domain::diff::Counted, without and with samples of the test split.
    counts jsonb not null default '{}',
    created_at timestamptz not null default now(),
    unique (from_id, to_id)
);

-- Which rows differ, by their positions in either version. The first hundred thousand of each kind are kept.
create table version_diff_rows (
    diff_id bigint not null references version_diffs on delete cascade,
    -- 0 added, 1 removed, 2 changed, 3 moved to another split.
    kind smallint not null check (kind between 0 and 3),
    place integer not null,
    from_position integer,
    to_position integer,
    -- Of the test split in one of the versions: not shown unless asked for.
    sealed boolean not null,
    primary key (diff_id, kind, place)
);

-- Rows that somebody asked to be forgotten. What they said is nowhere; this says that it was done, by whom and when.
create table forgettings (
    id uuid primary key,
    project_id uuid not null references projects on delete cascade,
    by_id uuid references users on delete set null,
    at timestamptz not null default now(),
    samples bigint not null,
    -- Uploaded files that hold them still, by SHA-256: somebody has to delete those.
    files text[] not null default '{}'
);
create index forgettings_project on forgettings (project_id, at desc);

-- Runs whose training version held such rows, or that went on training the adapter of one: what they learnt stays.
create table run_forgettings (
    run_id uuid not null references runs on delete cascade,
    forgetting_id uuid not null references forgettings on delete cascade,
    samples bigint not null,
    primary key (run_id, forgetting_id)
);

-- Since when a sample says nothing any more.
alter table samples add column forgotten_at timestamptz;
