-- What models say of the samples of a version, and which versions are benchmarks that training must not have seen.

-- One model's scores of one version. Scoring again replaces them.
create table scorings (
    id uuid primary key,
    version_id uuid not null references dataset_versions on delete cascade,
    model_id uuid not null references models on delete cascade,
    -- The run whose adapter was on the model; null for the model alone.
    run_id uuid references runs on delete cascade,
    -- Numbers of an embedding; 0 where none were asked for.
    dimensions integer not null,
    scored bigint not null,
    -- Samples without a score, such as those without an answer.
    unscored bigint not null,
    created_by uuid not null references users,
    created_at timestamptz not null default now(),
    unique nulls not distinct (version_id, model_id, run_id)
);

create table sample_scores (
    scoring_id uuid not null references scorings on delete cascade,
    -- Of the version, with which these rows go; checking a million of them one by one would take longer than the copy.
    sample_id bigint not null,
    -- Means of -log p per token, in nats: of the answer given all before it, and of all tokens.
    answer_loss real not null,
    all_loss real not null,
    -- 4 bytes a number, low byte first.
    embedding bytea,
    primary key (scoring_id, sample_id)
);
-- They do not shrink when compressed.
alter table sample_scores alter column embedding set storage external;

-- Versions that every run of the project is held against.
create table project_benchmarks (
    project_id uuid not null references projects on delete cascade,
    version_id uuid not null references dataset_versions on delete cascade,
    added_by uuid references users on delete set null,
    added_at timestamptz not null default now(),
    primary key (project_id, version_id)
);

-- Versions that one run is held against beside those.
alter table runs add column benchmarks uuid[] not null default '{}';

-- What of a benchmark the training split of a version has seen; computed from what never changes.
create table benchmark_checks (
    version_id uuid not null references dataset_versions on delete cascade,
    benchmark_id uuid not null references dataset_versions on delete cascade,
    -- What counts as a leak (domain::split::LeakCheck).
    settings jsonb not null,
    leaks jsonb not null,
    created_at timestamptz not null default now(),
    primary key (version_id, benchmark_id, settings)
);
