-- How far the people of a task agree, kept with the task; and what reviewers have decided, newest first.

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
create index judgements_made on judgements (task_id, created_at);
create index judgements_gone on judgements (task_id, superseded_at) where superseded_at is not null;

create index annotation_reviews_user on annotation_reviews (task_id, user_id, id desc);
create index judgements_adjudicated on judgements (task_id, user_id, id desc) where origin = 'adjudication';
