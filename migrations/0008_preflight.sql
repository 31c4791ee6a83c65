-- A launched run is tried out before it waits for a device: it is `checking`, then `queued`, or `failed` at once.

alter table runs drop constraint runs_status_check;
alter table runs add constraint runs_status_check
    check (status in ('checking', 'queued', 'claimed', 'running', 'evaluating', 'succeeded', 'failed', 'cancelled'));
drop index runs_open;
create index runs_open on runs (created_at) where status in ('checking', 'queued', 'claimed', 'running', 'evaluating');

-- The background job that tries the run out. However that job ends, the run does not stay behind.
alter table runs add column preflight_job uuid references jobs on delete set null;
-- Since when the run waits: for its preflight, then for a device.
alter table runs add column waiting_since timestamptz not null default now();
update runs set waiting_since = created_at;

-- What was found (domain::run::Preflight); also of runs that failed of it.
create table preflights (
    run_id uuid primary key references runs on delete cascade,
    report jsonb not null,
    created_at timestamptz not null default now()
);
