-- The practice around bad cases: where they come from, who looks after them, why in the project's own words, which are the same,
-- what people say about them, which belong together, and whether a later run has mended them.

-- A project's own causes. The five built-in kinds are not rows: every cause hangs below one of them, so that counts by kind
-- stay comparable between projects and over time.
create table causes (
    id uuid primary key,
    project_id uuid not null references projects on delete cascade,
    kind text not null check (kind in ('data', 'label', 'model', 'prompt', 'other')),
    -- A cause of the same kind that it is a part of.
    parent_id uuid references causes on delete cascade,
    name text not null check (length(name) between 1 and 80),
    created_by uuid references users on delete set null,
    created_at timestamptz not null default now(),
    -- Not to be chosen any more; cases that have it keep it.
    archived_at timestamptz
);
create unique index causes_name on causes (project_id, kind, lower(name));
create index causes_parent on causes (parent_id) where parent_id is not null;

-- Cases that were clustered together, under a name that people may change.
create table bad_case_clusters (
    id uuid primary key,
    project_id uuid not null references projects on delete cascade,
    name text not null,
    -- People have named it: computing anew keeps the name of the cluster that most of its cases come from.
    renamed boolean not null default false,
    words text[] not null default '{}',
    computed_at timestamptz not null default now()
);
create index bad_case_clusters_project on bad_case_clusters (project_id);

alter table bad_cases
    add column source text not null default 'evaluation' check (source in ('evaluation', 'hand', 'feedback')),
    -- Below `cause`, which stays its kind.
    add column cause_id uuid references causes on delete set null,
    add column owner_id uuid references users on delete set null,
    add column severity text check (severity in ('critical', 'high', 'medium', 'low')),
    add column duplicate_of uuid references bad_cases on delete set null,
    -- Of one that is merged into another: the status that it gets back when that is undone.
    add column status_before text check (status_before in ('open', 'confirmed', 'corrected', 'resolved', 'dismissed')),
    add column cluster_id uuid references bad_case_clusters on delete set null,
    -- The latest run that passed it, after which it counts as resolved; and one later still that failed it again.
    add column resolved_run_id uuid references runs on delete set null,
    add column broken_run_id uuid references runs on delete set null,
    alter column run_id drop not null,
    alter column eval_id drop not null,
    drop constraint bad_cases_status_check,
    add constraint bad_cases_status_check
        check (status in ('open', 'confirmed', 'corrected', 'added', 'resolved', 'dismissed', 'duplicate')),
    add constraint bad_cases_not_of_itself check (duplicate_of <> id),
    add constraint bad_cases_evaluation check (source <> 'evaluation' or (run_id is not null and eval_id is not null));
create index bad_cases_sample on bad_cases (sample_id);
create index bad_cases_corrected on bad_cases (corrected_sample_id) where corrected_sample_id is not null;
create index bad_cases_duplicate_of on bad_cases (duplicate_of) where duplicate_of is not null;
create index bad_cases_cluster on bad_cases (cluster_id) where cluster_id is not null;
create index bad_cases_owner on bad_cases (owner_id) where owner_id is not null;

create table bad_case_comments (
    id bigint generated always as identity primary key,
    bad_case_id uuid not null references bad_cases on delete cascade,
    author_id uuid references users on delete set null,
    body text not null,
    created_at timestamptz not null default now()
);
create index bad_case_comments_case on bad_case_comments (bad_case_id, id);

-- Members whom a comment names with @; unread until they have seen the bad case.
create table bad_case_mentions (
    comment_id bigint not null references bad_case_comments on delete cascade,
    user_id uuid not null references users on delete cascade,
    seen_at timestamptz,
    primary key (comment_id, user_id)
);
create index bad_case_mentions_user on bad_case_mentions (user_id) where seen_at is null;

-- The regression set: what every later model must get right. A confirmed bad case joins by itself.
create table regressions (
    bad_case_id uuid primary key references bad_cases on delete cascade,
    project_id uuid not null references projects on delete cascade,
    sample_id bigint not null references samples,
    since timestamptz not null default now()
);
create index regressions_project on regressions (project_id);
create index regressions_sample on regressions (sample_id);

-- How each evaluation of a tuned model answered such a sample, or its correction.
create table regression_results (
    bad_case_id uuid not null references regressions on delete cascade,
    eval_id uuid not null references evals on delete cascade,
    run_id uuid not null references runs on delete cascade,
    passed boolean not null,
    primary key (bad_case_id, eval_id)
);
create index regression_results_run on regression_results (run_id);

-- Those that people had confirmed before there was such a set.
insert into regressions (bad_case_id, project_id, sample_id, since)
    select id, project_id, sample_id, updated_at from bad_cases where status in ('confirmed', 'corrected', 'added');
insert into regression_results (bad_case_id, eval_id, run_id, passed)
    select g.bad_case_id, e.id, e.run_id, bool_and(p.correct) from regressions g join bad_cases b on b.id = g.bad_case_id
    join predictions p on p.sample_id in (g.sample_id, b.corrected_sample_id) join evals e on e.id = p.eval_id and e.subject = 'tuned'
    group by g.bad_case_id, e.id, e.run_id;
