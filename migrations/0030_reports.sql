-- Reports of runs, in versions that are written, submitted, and approved or returned; and digests of weeks.

create table reports (
    id uuid primary key,
    project_id uuid not null references projects on delete cascade,
    number integer not null,
    lang text not null check (lang in ('en', 'zh')),
    -- What it is about. No key: a submitted version outlives its runs.
    runs uuid[] not null,
    created_by uuid references users on delete set null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (project_id, number)
);

-- The content of a draft is `title` and `blocks`, and what they show is read anew whenever somebody looks. Submitting keeps all
-- of it as one text, in the canonical form whose SHA-256 is `content_sha256`: text and not jsonb, which would spell numbers its
-- own way, so that the hash is of the very bytes.
create table report_versions (
    report_id uuid not null references reports on delete cascade,
    number integer not null,
    status text not null default 'draft' check (status in ('draft', 'submitted', 'approved', 'returned')),
    title text not null,
    blocks jsonb not null,
    revision integer not null default 0,
    frozen text,
    content_sha256 text,
    submitted_by uuid references users on delete set null,
    submitted_at timestamptz,
    decided_by uuid references users on delete set null,
    -- The name that the approver had then: a signature does not change with an account.
    decided_name text,
    decided_at timestamptz,
    reason text,
    -- What was signed. Equal to `content_sha256` unless texts were erased since, or somebody has touched one of them.
    signed_sha256 text,
    -- Texts were erased from `frozen` at the wish of whom they are about; `content_sha256` is of what is left.
    erased_at timestamptz,
    primary key (report_id, number),
    constraint report_versions_frozen
        check (status = 'draft' or (frozen is not null and content_sha256 is not null and submitted_at is not null)),
    constraint report_versions_decided check (status not in ('approved', 'returned') or decided_at is not null),
    constraint report_versions_signed check ((status = 'approved') = (signed_sha256 is not null)),
    constraint report_versions_reason check (status <> 'returned' or reason is not null)
);
-- One version at a time is written or waits.
create unique index report_versions_open on report_versions (report_id) where status in ('draft', 'submitted');
create index report_versions_waiting on report_versions (submitted_at) where status = 'submitted';

-- What the bad cases say that a frozen version quotes: beside it, since it has their SHA-256 alone, salted so that nobody can
-- try what an erased one said. So they can be erased, and the signature holds.
create table report_quotes (
    report_id uuid not null,
    version integer not null,
    bad_case_id uuid not null,
    sample_id bigint not null,
    quote jsonb not null,
    primary key (report_id, version, bad_case_id),
    foreign key (report_id, version) references report_versions on delete cascade
);
create index report_quotes_sample on report_quotes (sample_id);

-- All that was done to a report. Nothing is changed here but who, when an account goes.
create table report_events (
    id bigint generated always as identity primary key,
    report_id uuid not null references reports on delete cascade,
    version integer not null,
    verb text not null
        check (verb in ('created', 'edited', 'submitted', 'returned', 'approved', 'approved_alone', 'continued')),
    user_id uuid references users on delete set null,
    note text not null default '',
    at timestamptz not null default now()
);
create index report_events_report on report_events (report_id, id desc);

-- A week of a project by ISO 8601. The row is there once its job is queued, so that of several servers one queues it.
create table digests (
    project_id uuid not null references projects on delete cascade,
    year integer not null,
    week integer not null,
    content jsonb,
    queued_at timestamptz not null,
    primary key (project_id, year, week)
);
