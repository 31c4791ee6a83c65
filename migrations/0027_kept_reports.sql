-- Agreement reports that are kept with their tasks, what reviewers have decided, and the training rows nearest to bad cases.
-- All but an index or two is computed from other tables, and is computed again where it is missing.

-- Computed when somebody asks and judgements have changed since. A report knows how many judgements had come or gone in the
-- quarter of an hour before it was computed: where that number is another one later, one has been committed since, however
-- its transaction lay in time.
create table annotation_reports (
    task_id uuid primary key references annotation_tasks on delete cascade,
    report jsonb not null,
    computed_at timestamptz not null,
    changes bigint not null,
    -- Of the task: an edit may change what is asked.
    revision integer not null,
    took_ms bigint not null
);
-- Raised when something other than judgements makes reports wrong: what was begun before is not kept.
alter table annotation_tasks add column report_epoch integer not null default 0;
create index judgements_made on judgements (task_id, created_at);
create index judgements_gone on judgements (task_id, superseded_at) where superseded_at is not null;

create index annotation_reviews_user on annotation_reviews (task_id, user_id, id desc);
create index judgements_adjudicated on judgements (task_id, user_id, id desc) where origin = 'adjudication';

-- The training rows that are nearest to a bad case by the embeddings of a scoring, as a job found them: they go with the scoring.
create table bad_case_neighbours (
    bad_case_id uuid primary key references bad_cases on delete cascade,
    scoring_id uuid not null references scorings on delete cascade,
    -- [[sample, cosine], …], nearest first.
    nearest jsonb not null,
    -- Mean cosine of all training rows, beside which those are read; null where there are none.
    mean double precision,
    computed_at timestamptz not null default now()
);
create index bad_case_neighbours_scoring on bad_case_neighbours (scoring_id);
