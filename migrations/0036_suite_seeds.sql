-- Answers of an endpoint as they come, so that an interrupted evaluation goes on behind the last one; runs that differ only in
-- their seed as one candidate of a suite.

-- Comparisons now have metrics of the whole set, too. They are computed again when somebody looks.
delete from suite_comparisons;

-- What an endpoint has answered of an evaluation that is not done. Gone with the evaluation's result.
create table suite_answers (
    suite_id uuid not null references suites on delete cascade,
    -- As in suite_results.
    identity text not null,
    candidate text not null,
    -- Of the sample in its version.
    position integer not null,
    sample_id bigint not null references samples,
    -- Who asked; an evaluation that is to be answered again takes its own answers alone.
    job_id uuid references jobs on delete set null,
    reply text not null,
    latency_ms double precision not null,
    -- As far as the endpoint tells.
    prompt_tokens integer,
    answer_tokens integer,
    -- Its share of the time that the questions took which were asked together.
    elapsed_ms double precision not null,
    created_at timestamptz not null default now(),
    primary key (suite_id, identity, candidate, position)
);
create index suite_answers_sample on suite_answers (sample_id);
create index suite_answers_job on suite_answers (job_id) where job_id is not null;
create index suite_answers_created on suite_answers (created_at);

-- What runs that differ only in their seed reached together, and how they differ from another group of runs
-- (domain::suite::SeedFigures). Computed once, since results never change.
create table suite_seed_figures (
    -- MD5 of the results' ids, and of those they are held against.
    key text primary key,
    -- The first of them.
    result_id uuid not null references suite_results on delete cascade,
    figures jsonb not null
);
create index suite_seed_figures_result on suite_seed_figures (result_id);
