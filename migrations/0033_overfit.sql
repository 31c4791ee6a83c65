-- The overfit watch: what a run's losses say of how it learns (domain::overfit), as of its newest validation, and every
-- validation at which that changed. A resumed run that takes validations again replaces what it changed there.

create table run_fits (
    run_id uuid primary key references runs on delete cascade,
    fit text not null check (fit in ('too_early', 'fine', 'watch', 'overfitting', 'underfitting', 'diverging')),
    -- State, figures and advice.
    verdict jsonb not null
);

create table run_fit_changes (
    run_id uuid not null references runs on delete cascade,
    step integer not null,
    fit text not null check (fit in ('too_early', 'fine', 'watch', 'overfitting', 'underfitting', 'diverging')),
    verdict jsonb not null,
    at timestamptz not null default now(),
    primary key (run_id, step)
);
