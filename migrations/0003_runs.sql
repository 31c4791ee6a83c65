-- Runs, what they measured, and what evaluations found.

create table runs (
    id uuid primary key,
    project_id uuid not null references projects on delete cascade,
    number integer not null,
    name text not null,
    model_id uuid not null references models,
    version_id uuid not null references dataset_versions,
    recipe jsonb not null,
    -- The run this one was cloned from.
    cloned_from uuid references runs,
    status text not null default 'queued'
        check (status in ('queued', 'claimed', 'running', 'evaluating', 'succeeded', 'failed', 'cancelled')),
    -- Predicted before launch: steps, tokens, seconds, memory.
    estimate jsonb not null default '{}',
    step integer not null default 0,
    total_steps integer not null default 0,
    -- What the trainer is doing, with done/total for an ETA outside training.
    phase jsonb,
    attempt integer not null default 0,
    max_attempts integer not null default 3,
    device text not null default '',
    lease_owner uuid,
    lease_until timestamptz,
    cancel_requested_at timestamptz,
    failure_kind text,
    failure_message text,
    -- Final facts (trainer's summary.json).
    summary jsonb,
    -- The adapter's files: [{path, sha256, size_bytes}].
    adapter jsonb,
    idempotency_key text,
    created_by uuid not null references users,
    created_at timestamptz not null default now(),
    started_at timestamptz,
    ended_at timestamptz,
    unique (project_id, number),
    unique (project_id, idempotency_key)
);
create index runs_open on runs (created_at) where status in ('queued', 'claimed', 'running', 'evaluating');
create index runs_version on runs (version_id);

-- A curve of one attempt. Points name it by a small integer, which makes inserts several times faster than a text key.
create table series (
    id integer generated always as identity primary key,
    run_id uuid not null references runs on delete cascade,
    attempt integer not null,
    key text not null,
    unique (run_id, attempt, key)
);

-- `seq` orders points for "what is new since": one run has one writer at a time, so within a run it only grows.
create table points (
    series_id integer not null references series on delete cascade,
    step integer not null,
    value double precision not null,
    elapsed_ms bigint not null,
    seq bigint generated always as identity,
    primary key (series_id, step)
);
create index points_seq on points (series_id, seq);

create table run_logs (
    id bigint generated always as identity primary key,
    run_id uuid not null references runs on delete cascade,
    attempt integer not null,
    level text not null check (level in ('info', 'warn', 'error')),
    message text not null,
    at timestamptz not null default now()
);
create index run_logs_run on run_logs (run_id, id);

-- What the model wrote for a few validation samples as training went on.
create table previews (
    run_id uuid not null references runs on delete cascade,
    step integer not null,
    index integer not null,
    prompt text not null,
    expected text not null,
    output text not null,
    primary key (run_id, step, index)
);

create table evals (
    id uuid primary key,
    project_id uuid not null references projects on delete cascade,
    run_id uuid not null references runs on delete cascade,
    subject text not null check (subject in ('base', 'tuned')),
    version_id uuid not null references dataset_versions,
    split text not null default 'test' check (split in ('train', 'validation', 'test')),
    metrics jsonb not null,
    created_at timestamptz not null default now(),
    unique (run_id, subject, version_id, split)
);

create table predictions (
    eval_id uuid not null references evals on delete cascade,
    sample_id bigint not null references samples,
    position integer not null,
    output text not null,
    expected text not null,
    correct boolean not null,
    scores jsonb not null,
    primary key (eval_id, position)
);
create index predictions_sample on predictions (sample_id);

-- A failing prediction of a tuned model. Candidates are made with the evaluation; people do the rest.
create table bad_cases (
    id uuid primary key,
    project_id uuid not null references projects on delete cascade,
    run_id uuid not null references runs on delete cascade,
    eval_id uuid not null references evals on delete cascade,
    sample_id bigint not null references samples,
    -- Copied from the prediction: a bad case must stay readable by itself.
    output text not null,
    expected text not null,
    status text not null default 'open' check (status in ('open', 'confirmed', 'corrected', 'added', 'dismissed')),
    cause text check (cause in ('data', 'label', 'model', 'prompt', 'other')),
    note text not null default '',
    correction text,
    -- Where the correction went.
    corrected_sample_id bigint references samples,
    corrected_version_id uuid references dataset_versions,
    updated_by uuid references users,
    updated_at timestamptz not null default now(),
    created_at timestamptz not null default now(),
    -- Raised by every edit; an edit names the revision it saw.
    revision integer not null default 0,
    unique (eval_id, sample_id)
);
create index bad_cases_project on bad_cases (project_id, status, created_at);
create index bad_cases_run on bad_cases (run_id);

alter table samples add constraint samples_bad_case foreign key (bad_case_id) references bad_cases on delete set null;
