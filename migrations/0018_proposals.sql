-- Texts that a model wrote from training samples, until people accept or reject them. Accepted ones join the next version.
create table proposals (
    id bigint generated always as identity primary key,
    version_id uuid not null references dataset_versions on delete cascade,
    sample_id bigint not null references samples,
    way text not null check (way in ('paraphrase', 'back_translation')),
    -- Who wrote it: the name of an endpoint or of a model.
    writer text not null,
    -- The text of the sample that was written anew, and what stands before it in its message: the instruction that all share.
    before text not null,
    lead text not null default '',
    after text not null,
    gate text not null,
    decision text not null default 'waiting' check (decision in ('waiting', 'accepted', 'rejected')),
    decided_by uuid references users,
    decided_at timestamptz,
    created_at timestamptz not null default now(),
    unique (version_id, sample_id, after)
);
create index proposals_version on proposals (version_id, decision, id);
create index proposals_sample on proposals (sample_id);
