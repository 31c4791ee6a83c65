-- Judges: models that rate answers, their versions, what they said, and how they were held against people; and comparisons of
-- several models by people. What a judge was sent is not kept: it is made again of the sample, the predictions and the version,
-- which do not change, and its hash tells whether it is still the same.

create table judges (
    id uuid primary key,
    project_id uuid not null references projects on delete cascade,
    name text not null,
    created_by uuid not null references users,
    created_at timestamptz not null default now(),
    unique (project_id, name)
);

-- Never changed.
create table judge_versions (
    id uuid primary key,
    judge_id uuid not null references judges on delete cascade,
    number integer not null,
    -- domain::judge::JudgeSpec
    spec jsonb not null,
    note text not null default '',
    created_by uuid not null references users,
    created_at timestamptz not null default now(),
    unique (judge_id, number)
);

-- A version asked about the answers of one evaluation, or of two.
create table judgings (
    id uuid primary key,
    project_id uuid not null references projects on delete cascade,
    judge_version_id uuid not null references judge_versions on delete cascade,
    first_eval uuid not null references evals on delete cascade,
    second_eval uuid references evals on delete cascade,
    seed bigint not null,
    samples integer not null default 0,
    -- Counted with every answer, so that no list counts rulings.
    wanted integer not null default 0,
    answered integer not null default 0,
    unparsable integer not null default 0,
    -- The latest job that asks.
    job_id uuid references jobs on delete set null,
    created_by uuid not null references users,
    created_at timestamptz not null default now()
);
create index judgings_project on judgings (project_id, created_at desc, id);
create index judgings_version on judgings (judge_version_id);
create index judgings_first on judgings (first_eval);
create index judgings_second on judgings (second_eval) where second_eval is not null;

-- Every answer that a judging wants, made with it: whoever asks takes those that are not there yet, so a job that was killed
-- goes on where it was and asks nothing twice.
create table rulings (
    judging_id uuid not null references judgings on delete cascade,
    -- Of the sample in the evaluated split.
    position integer not null,
    sample_id bigint not null references samples,
    repeat smallint not null,
    -- Whether the second evaluation's answer is shown first.
    swapped boolean not null,
    answered_at timestamptz,
    -- The judge's words, and what they say: one of `said` and `problem`.
    answer text,
    said jsonb,
    problem jsonb,
    reason text not null default '',
    prompt_sha256 bytea,
    prompt_tokens integer,
    answer_tokens integer,
    elapsed_ms integer,
    primary key (judging_id, position, repeat, swapped)
);
create index rulings_open on rulings (judging_id, position, repeat, swapped) where answered_at is null;
create index rulings_sample on rulings (sample_id);

-- A version held against the labels of people. The newest of each criterion counts.
create table judge_calibrations (
    id uuid primary key,
    project_id uuid not null references projects on delete cascade,
    judge_version_id uuid not null references judge_versions on delete cascade,
    judging_id uuid not null references judgings on delete cascade,
    task_id uuid not null references annotation_tasks on delete cascade,
    question text not null,
    -- Empty of comparisons.
    criterion text not null default '',
    -- domain::judge::calibration::Agreement
    agreement jsonb not null,
    created_by uuid not null references users,
    created_at timestamptz not null default now()
);
create index judge_calibrations_version on judge_calibrations (judge_version_id, criterion, created_at desc);
create index judge_calibrations_project on judge_calibrations (project_id);
create index judge_calibrations_judging on judge_calibrations (judging_id);
create index judge_calibrations_task on judge_calibrations (task_id);

-- What a project asks of its judges; without a row the default.
create table judge_bars (
    project_id uuid primary key references projects on delete cascade,
    kappa double precision not null check (kappa between 0 and 1),
    by_lower_bound boolean not null,
    updated_by uuid references users on delete set null,
    updated_at timestamptz not null default now()
);

-- Tasks whose items show two of several evaluations: places in the list of evaluations, [[0, 2], …], and how many pairs are
-- compared on each sample. Null: items show all evaluations.
alter table annotation_tasks add column pairs jsonb;
alter table annotation_tasks add column pairs_per_sample smallint not null default 1;
-- The pair of the item, drawn when items are made.
alter table annotation_items add column pair smallint[];

-- Models that people compare.
create table human_evaluations (
    id uuid primary key,
    project_id uuid not null references projects on delete cascade,
    task_id uuid not null unique references annotation_tasks on delete cascade,
    created_by uuid not null references users,
    created_at timestamptz not null default now()
);
create index human_evaluations_project on human_evaluations (project_id, created_at desc);
