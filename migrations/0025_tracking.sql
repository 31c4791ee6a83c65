-- What scripts outside Lathe track here through MLflow's REST API: experiments, their runs, and what those log. A project is one
-- tracking server, so experiments are numbered within it. Nothing is deleted when a client asks for it, as in MLflow: it is marked.

create table tracked_experiments (
    id bigint generated always as identity primary key,
    project_id uuid not null references projects on delete cascade,
    -- What clients call its id. 0 is the default one, made when it is first asked for.
    number integer not null,
    name text not null,
    tags jsonb not null default '{}',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    deleted_at timestamptz,
    unique (project_id, number),
    unique (project_id, name)
);

create table tracked_runs (
    id uuid primary key,
    experiment_id bigint not null references tracked_experiments on delete cascade,
    name text not null,
    -- Whom the client names; who it was is `created_by`.
    user_name text not null default '',
    status text not null default 'RUNNING' check (status in ('RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED')),
    -- Milliseconds since 1970, as clients send them.
    started_ms bigint,
    ended_ms bigint,
    created_by uuid references users,
    created_at timestamptz not null default now(),
    deleted_at timestamptz
);
create index tracked_runs_experiment on tracked_runs (experiment_id, started_ms desc, id);

create table tracked_params (
    run_id uuid not null references tracked_runs on delete cascade,
    key text not null,
    value text not null,
    primary key (run_id, key)
);

create table tracked_tags (
    run_id uuid not null references tracked_runs on delete cascade,
    key text not null,
    value text not null,
    primary key (run_id, key)
);

-- A metric of a run with its newest value: the greatest (step, time, value), as MLflow compares. Searches read this table alone.
create table tracked_series (
    id bigint generated always as identity primary key,
    run_id uuid not null references tracked_runs on delete cascade,
    key text not null,
    step bigint not null,
    logged_ms bigint not null,
    value double precision not null,
    unique (run_id, key)
) with (fillfactor = 70);

-- Every value. All of a row is its key, so what a client sends again is there already; NaN equals NaN here. There is no foreign
-- key: rows are written by the statement that gives their series its id, and a check for each would halve how fast they come.
create table tracked_points (
    series_id bigint not null,
    step bigint not null,
    logged_ms bigint not null,
    value double precision not null,
    primary key (series_id, step, logged_ms, value)
);

-- Data that a run says it has read.
create table tracked_inputs (
    run_id uuid not null references tracked_runs on delete cascade,
    name text not null,
    digest text not null,
    source_type text not null,
    source text not null,
    schema text,
    profile text,
    tags jsonb not null default '{}',
    primary key (run_id, name, digest)
);

-- Files of a run. Their bytes are artifacts.
create table tracked_files (
    run_id uuid not null references tracked_runs on delete cascade,
    path text not null,
    sha256 text not null references artifacts,
    size_bytes bigint not null,
    stored_at timestamptz not null default now(),
    primary key (run_id, path)
);
create index tracked_files_sha256 on tracked_files (sha256);

-- Models that runs have logged: what is known of them. Their files are files of the run, below `models/m-ID`.
create table tracked_models (
    id uuid primary key,
    run_id uuid not null references tracked_runs on delete cascade,
    name text not null,
    model_type text not null default '',
    status text not null default 'LOGGED_MODEL_PENDING'
        check (status in ('LOGGED_MODEL_PENDING', 'LOGGED_MODEL_READY', 'LOGGED_MODEL_UPLOAD_FAILED')),
    params jsonb not null default '{}',
    tags jsonb not null default '{}',
    -- The step of the run at which it was logged, if the client says.
    step bigint,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index tracked_models_run on tracked_models (run_id, created_at);
