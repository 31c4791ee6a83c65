-- Annotation: tasks, the items that they ask about, who has which item, and what people said. Texts of samples are not copied
-- here: an item names its sample, and the answers of models are read from the predictions of the task's evaluations.

create table annotation_tasks (
    id uuid primary key,
    project_id uuid not null references projects on delete cascade,
    name text not null,
    -- What is judged: samples of a version, or predictions of evaluations.
    source jsonb not null,
    -- The version whose samples the items are; of evaluations, the one that they read.
    version_id uuid not null references dataset_versions,
    design jsonb not null,
    distribution jsonb not null,
    status text not null default 'draft' check (status in ('draft', 'open', 'paused', 'closed')),
    deadline timestamptz,
    -- The newest of its guidelines.
    guideline_revision integer not null default 1,
    -- Raised by every edit; an edit names the revision it saw.
    revision integer not null default 0,
    -- Items are made by a job; null until they all are.
    filled_at timestamptz,
    -- The instruction that the last user turns of all samples begin with: spans are counted behind it.
    lead text not null default '',
    created_by uuid not null references users,
    created_at timestamptz not null default now()
);
create index annotation_tasks_project on annotation_tasks (project_id, created_at desc);
create index annotation_tasks_version on annotation_tasks (version_id);

-- All guidelines that a task has had.
create table annotation_guidelines (
    task_id uuid not null references annotation_tasks on delete cascade,
    revision integer not null,
    text text not null,
    -- Options and labels whose rules differ from the revision before.
    touched text[] not null default '{}',
    created_by uuid not null references users,
    created_at timestamptz not null default now(),
    primary key (task_id, revision)
);

-- Who works on a task. Without any annotator the task is open to everyone in the project who may annotate.
create table annotation_people (
    task_id uuid not null references annotation_tasks on delete cascade,
    user_id uuid not null references users on delete cascade,
    part text not null check (part in ('annotator', 'reviewer')),
    primary key (task_id, user_id, part)
);

-- How far somebody is in a task. Made when they first take an item.
create table annotation_progress (
    task_id uuid not null references annotation_tasks on delete cascade,
    user_id uuid not null references users on delete cascade,
    -- Rank of the last item that they took: looking for the next one begins behind it.
    cursor_rank integer not null default -1,
    -- Items taken since the last gold item.
    since_gold integer not null default 0,
    gold_judged integer not null default 0,
    gold_right integer not null default 0,
    -- Null until the qualification is passed; set at once where there is none.
    qualified_at timestamptz,
    -- The qualification was failed; a lead may let them try again.
    failed_at timestamptz,
    -- Counted here, so that nobody counts judgements to show how far a person is. `today` is of `day` (UTC).
    judged integer not null default 0,
    skipped integer not null default 0,
    today integer not null default 0,
    day date not null default current_date,
    primary key (task_id, user_id)
);

create table annotation_items (
    id bigint generated always as identity primary key,
    task_id uuid not null references annotation_tasks on delete cascade,
    -- The order in which people are given items, 0-based.
    rank integer not null,
    sample_id bigint not null references samples,
    -- Judgements that it wants, and how many more people may be given it now: wanted − held − submitted.
    wanted smallint not null check (wanted > 0),
    free smallint not null check (free >= 0),
    -- Current judgements of annotators.
    judged smallint not null default 0 check (judged >= 0),
    status text not null default 'open' check (status in ('open', 'judged', 'review', 'adjudication', 'accepted', 'excluded')),
    -- Of a gold item, the answers that are right.
    gold jsonb,
    -- Whether a drawn share is reviewed and this one is in it.
    drawn_for_review boolean not null default false,
    -- What the item's judgements come to, once they do: {"answers", "confidence", "method"}.
    consensus jsonb,
    decided_by uuid references users,
    decided_at timestamptz,
    unique (task_id, rank)
);
-- Where the next item is looked for.
create index annotation_items_free on annotation_items (task_id, rank) where free > 0 and gold is null and status = 'open';
create index annotation_items_gold on annotation_items (task_id, rank) where gold is not null;
create index annotation_items_status on annotation_items (task_id, status, rank);
create index annotation_items_sample on annotation_items (sample_id);

-- An item in a person's hands: one row for each person who ever had it.
create table annotation_assignments (
    item_id bigint not null references annotation_items on delete cascade,
    user_id uuid not null references users on delete cascade,
    task_id uuid not null references annotation_tasks on delete cascade,
    status text not null check (status in ('held', 'submitted', 'skipped', 'expired', 'returned')),
    -- While held: then somebody else may have it.
    held_until timestamptz not null,
    -- What the person has entered so far, and the number of the save, so that an old one does not overwrite a newer.
    draft jsonb,
    draft_number bigint not null default 0,
    -- Why a reviewer wants it done again.
    reason text,
    taken_at timestamptz not null default now(),
    primary key (item_id, user_id)
);
create index annotation_assignments_held on annotation_assignments (task_id, held_until) where status = 'held';
create index annotation_assignments_user on annotation_assignments (task_id, user_id, status, taken_at);

-- What people said. A row is never changed but for `superseded_at`: a correction is another row, so this is also the audit.
create table judgements (
    id uuid primary key,
    item_id bigint not null references annotation_items on delete cascade,
    task_id uuid not null references annotation_tasks on delete cascade,
    -- Whose judgement it is; null for what was read from a file of people unknown here.
    user_id uuid references users,
    -- The name that a file gives its annotator.
    imported_from text,
    origin text not null check (origin in ('annotator', 'review', 'adjudication', 'import')),
    answers jsonb not null,
    cannot_judge boolean not null default false,
    comment text not null default '',
    -- Milliseconds that the item was in view.
    duration_ms integer,
    guideline_revision integer not null,
    -- Chosen by the client: the same judgement sent twice is one.
    submit_key uuid not null,
    created_at timestamptz not null default now(),
    superseded_at timestamptz,
    unique (task_id, submit_key)
);
create index judgements_item on judgements (item_id) where superseded_at is null;
create index judgements_user on judgements (task_id, user_id, created_at);
-- One current judgement of each person on an item.
create unique index judgements_current on judgements (item_id, user_id, origin) where superseded_at is null and user_id is not null;

-- What reviewers said of judgements. Never changed.
create table annotation_reviews (
    id uuid primary key,
    item_id bigint not null references annotation_items on delete cascade,
    task_id uuid not null references annotation_tasks on delete cascade,
    judgement_id uuid not null references judgements on delete cascade,
    user_id uuid not null references users,
    verdict text not null check (verdict in ('accept', 'fix', 'return')),
    reason text not null default '',
    created_at timestamptz not null default now()
);
create index annotation_reviews_task on annotation_reviews (task_id, created_at);
create index annotation_reviews_judgement on annotation_reviews (judgement_id);

-- Versions made from a task's labels.
create table annotation_versions (
    task_id uuid not null references annotation_tasks on delete cascade,
    version_id uuid not null references dataset_versions on delete cascade,
    created_at timestamptz not null default now(),
    primary key (task_id, version_id)
);
