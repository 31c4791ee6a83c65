-- Evaluation suites: sets of evaluations that every candidate takes; what candidates answered and reached; the baselines that
-- they are held against; alarms; and a project's targets.

create table suites (
    id uuid primary key,
    project_id uuid not null references projects on delete cascade,
    name text not null,
    -- Whether every run of the project that succeeds takes it.
    automatic boolean not null default false,
    created_by uuid not null references users,
    created_at timestamptz not null default now(),
    archived_at timestamptz
);
create unique index suites_name on suites (project_id, lower(name)) where archived_at is null;

-- A version never changes (domain::suite::SuiteDesign).
create table suite_versions (
    suite_id uuid not null references suites on delete cascade,
    number integer not null,
    design jsonb not null,
    created_by uuid not null references users,
    created_at timestamptz not null default now(),
    primary key (suite_id, number)
);

create table suite_baselines (
    suite_id uuid not null references suites on delete cascade,
    -- `run:ID`, `model:ID` or `endpoint:NAME` (domain::suite::Candidate).
    candidate text not null,
    label text not null,
    -- Gates and alarms are judged by it.
    is_main boolean not null default false,
    pinned_by uuid references users on delete set null,
    pinned_at timestamptz not null default now(),
    primary key (suite_id, candidate)
);
create unique index suite_baselines_main on suite_baselines (suite_id) where is_main;

-- What one evaluation of one candidate yielded. Written once; answering again makes another row.
create table suite_results (
    id uuid primary key,
    project_id uuid not null references projects on delete cascade,
    suite_id uuid not null references suites on delete cascade,
    suite_version integer not null,
    -- Its key in that version.
    evaluation text not null,
    -- MD5 of what was asked and how it was measured (domain::suite::EvaluationDesign::identity): versions of the suite that ask
    -- the same share the result.
    identity text not null,
    candidate text not null,
    run_id uuid references runs on delete cascade,
    model_id uuid references models on delete cascade,
    version_id uuid not null references dataset_versions on delete cascade,
    split text not null check (split in ('train', 'validation', 'test')),
    -- domain::measure::Measurement, with time, memory and cost among its scores.
    measurement jsonb not null,
    -- Of the samples, those that the candidate's training has seen, as far as was known.
    contaminated integer not null default 0,
    -- The job that made it, which goes on behind it after an interruption.
    job_id uuid references jobs on delete set null,
    created_by uuid references users on delete set null,
    created_at timestamptz not null default now()
);
create index suite_results_latest on suite_results (suite_id, identity, candidate, created_at desc);
create index suite_results_project on suite_results (project_id);
create index suite_results_version on suite_results (version_id);
create index suite_results_run on suite_results (run_id) where run_id is not null;
create index suite_results_model on suite_results (model_id) where model_id is not null;
create index suite_results_job on suite_results (job_id) where job_id is not null;

create table suite_predictions (
    result_id uuid not null references suite_results on delete cascade,
    -- Position of the sample in its version.
    position integer not null,
    sample_id bigint not null references samples,
    output text not null,
    expected text not null,
    correct boolean not null,
    -- By metric, where it is a mean over samples.
    scores jsonb not null,
    primary key (result_id, position)
);
create index suite_predictions_sample on suite_predictions (sample_id);
create index suite_predictions_outcome on suite_predictions (result_id, correct, position);

-- How two results differ, in all metrics that both have by sample. Computed once, since results never change.
create table suite_comparisons (
    old_id uuid not null references suite_results on delete cascade,
    new_id uuid not null references suite_results on delete cascade,
    differences jsonb not null,
    primary key (old_id, new_id)
);
create index suite_comparisons_new on suite_comparisons (new_id);

-- A candidate that was worse than the baseline, with evidence after correction over the suite.
create table suite_alarms (
    id uuid primary key,
    project_id uuid not null references projects on delete cascade,
    suite_id uuid not null references suites on delete cascade,
    result_id uuid not null references suite_results on delete cascade,
    baseline_id uuid not null references suite_results on delete cascade,
    evaluation text not null,
    difference jsonb not null,
    adjusted_p_value double precision not null,
    created_at timestamptz not null default now(),
    dismissed_by uuid references users on delete set null,
    dismissed_at timestamptz
);
create index suite_alarms_open on suite_alarms (project_id, created_at desc) where dismissed_at is null;
create index suite_alarms_result on suite_alarms (result_id);
create index suite_alarms_baseline on suite_alarms (baseline_id);
create index suite_alarms_suite on suite_alarms (suite_id);

-- How good, fast or cheap a model must be before it is of use.
create table project_targets (
    id uuid primary key,
    project_id uuid not null references projects on delete cascade,
    suite_id uuid not null references suites on delete cascade,
    evaluation text not null,
    metric text not null,
    way text not null check (way in ('at_least', 'at_most')),
    bound double precision not null,
    created_by uuid references users on delete set null,
    created_at timestamptz not null default now(),
    unique (suite_id, evaluation, metric, way)
);
create index project_targets_project on project_targets (project_id);
