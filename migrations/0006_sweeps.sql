-- Sweeps: a plan that makes many runs of one recipe. Its runs are ordinary runs in the ordinary queue; this only
-- remembers which run is which trial. The primary key of sweep_runs is what makes every trial run once, however many
-- servers decide what is next.

create table sweeps (
    id uuid primary key,
    project_id uuid not null references projects on delete cascade,
    name text not null,
    model_id uuid not null references models,
    version_id uuid not null references dataset_versions,
    plan jsonb not null,
    -- The trials as they were drawn from the plan: [{settings: [{field, value}]}]. Kept, so that another version of the
    -- server goes on with the same ones.
    trials jsonb not null,
    status text not null default 'running' check (status in ('running', 'done', 'budget_used', 'cancelled')),
    idempotency_key text,
    created_by uuid not null references users,
    created_at timestamptz not null default now(),
    ended_at timestamptz,
    unique (project_id, idempotency_key)
);
create index sweeps_project on sweeps (project_id, id);
create index sweeps_running on sweeps (id) where status = 'running';

create table sweep_runs (
    sweep_id uuid not null references sweeps on delete cascade,
    -- Counts from 0 in the order of `trials`.
    trial integer not null,
    -- Of ASHA: how often the trial has moved up.
    rung integer not null,
    run_id uuid not null unique references runs on delete cascade,
    primary key (sweep_id, trial, rung)
);
