-- Files, background jobs, base models, datasets.
-- Artifacts are content-addressed: the SHA-256 is the name under which the bytes lie in the artifact store.

create table artifacts (
    sha256 text primary key check (length(sha256) = 64),
    size_bytes bigint not null,
    created_at timestamptz not null default now()
);

-- A file that a user sent, waiting to become a dataset version or a model.
create table uploads (
    id uuid primary key,
    project_id uuid not null references projects on delete cascade,
    file_name text not null,
    size_bytes bigint not null,
    sha256 text not null references artifacts,
    uploaded_by uuid not null references users,
    created_at timestamptz not null default now()
);
create index uploads_project on uploads (project_id, created_at desc);

-- Imports, registrations, downloads. A worker owns a job while its lease is in the future; a lost lease queues it again.
create table jobs (
    id uuid primary key,
    project_id uuid not null references projects on delete cascade,
    kind text not null,
    payload jsonb not null,
    status text not null default 'queued' check (status in ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
    progress jsonb not null default '{"stage": "", "done": 0, "total": 0}',
    -- What the job made (an id), or why it failed, in words for the user.
    result jsonb,
    error text,
    attempt integer not null default 0,
    lease_owner uuid,
    lease_until timestamptz,
    cancel_requested_at timestamptz,
    created_by uuid not null references users,
    created_at timestamptz not null default now(),
    started_at timestamptz,
    ended_at timestamptz
);
create index jobs_open on jobs (created_at) where status in ('queued', 'running');
create index jobs_project on jobs (project_id, created_at desc);

create table models (
    id uuid primary key,
    project_id uuid not null references projects on delete cascade,
    name text not null,
    source jsonb not null,
    card jsonb not null,
    created_by uuid not null references users,
    created_at timestamptz not null default now(),
    archived_at timestamptz
);
create index models_project on models (project_id, created_at desc);

-- The files of a model, as the trainer will find them in one folder.
create table model_files (
    model_id uuid not null references models on delete cascade,
    path text not null,
    sha256 text not null references artifacts,
    primary key (model_id, path)
);

create table datasets (
    id uuid primary key,
    project_id uuid not null references projects on delete cascade,
    name text not null,
    description text not null default '',
    created_by uuid not null references users,
    created_at timestamptz not null default now(),
    archived_at timestamptz
);
create index datasets_project on datasets (project_id, created_at desc);

-- A version is immutable: what it was made from (parent, steps) and which samples it has (version_samples).
-- It is inserted by its import in the same transaction as its samples, so a half-made version is never seen.
create table dataset_versions (
    id uuid primary key,
    dataset_id uuid not null references datasets on delete cascade,
    number integer not null,
    parent_id uuid references dataset_versions,
    note text not null default '',
    -- How it came to be: an import (file, mapping, encoding, split) or corrections of bad cases.
    origin jsonb not null,
    stats jsonb not null,
    -- Artifact with the report of skipped lines, if any.
    skipped_report_sha256 text references artifacts,
    created_by uuid not null references users,
    created_at timestamptz not null default now(),
    unique (dataset_id, number)
);

-- A sample is never changed. A corrected one is a new row that names its parent and the bad case.
create table samples (
    id bigint generated always as identity primary key,
    dataset_id uuid not null references datasets on delete cascade,
    messages jsonb not null,
    label text,
    slices jsonb not null default '{}',
    content_hash bytea not null,
    -- Upload file and 1-based line it came from.
    source_file text not null default '',
    source_line bigint not null default 0,
    parent_id bigint references samples,
    bad_case_id uuid,
    -- All text of the messages, for search.
    search_text text not null
);
create index samples_dataset on samples (dataset_id);
create index samples_parent on samples (parent_id) where parent_id is not null;

create table version_samples (
    version_id uuid not null references dataset_versions on delete cascade,
    -- Order of the rows in the source, 0-based.
    position integer not null,
    sample_id bigint not null references samples,
    -- 0 train, 1 validation, 2 test: small because there are millions.
    split smallint not null check (split in (0, 1, 2)),
    primary key (version_id, position)
);
create index version_samples_sample on version_samples (sample_id);
create index version_samples_split on version_samples (version_id, split, position);
