-- Exploring a version: an index made once, since a version never changes; tags, which people put on samples; and who looked at
-- the sealed test split.
--
-- The index says for each word and each value of a facet in which rows it is. Rows are positions in the version, cut into
-- segments of 65,536: a segment's rows are either 16-bit numbers, lowest first and low byte first, or, from 4096 on, a bit set
-- of 8192 bytes. So segments are written one after the other and never merged, and a query reads few and short rows.

create table version_indexes (
    version_id uuid primary key references dataset_versions on delete cascade,
    -- Changes with every attempt: a worker that lost its job writes into nothing.
    build uuid not null,
    -- Positions in the version, known when the index is complete.
    rows integer,
    -- Null while it is being built: then nobody reads it.
    built_at timestamptz
);

create table version_facets (
    version_id uuid not null references version_indexes on delete cascade,
    field text collate "C" not null,
    value text collate "C" not null,
    segment integer not null,
    count integer not null,
    rows bytea not null,
    primary key (version_id, field, value, segment)
);

create table version_words (
    version_id uuid not null references version_indexes on delete cascade,
    word text collate "C" not null,
    segment integer not null,
    rows bytea not null,
    primary key (version_id, word, segment)
);

-- All positions in another order than their own, 4 bytes each, low byte first.
create table version_orders (
    version_id uuid not null references version_indexes on delete cascade,
    key text not null check (key in ('length', 'label')),
    positions bytea not null,
    primary key (version_id, key)
);
-- They do not shrink when compressed.
alter table version_orders alter column positions set storage external;

-- Tags belong to the sample, in whatever version it is.
create table sample_tags (
    sample_id bigint not null references samples on delete cascade,
    tag text collate "C" not null check (length(tag) between 1 and 60),
    added_by uuid references users on delete set null,
    added_at timestamptz not null default now(),
    primary key (sample_id, tag)
);
-- Grows with every change of a tag, so that what was read before is known to be old.
alter table datasets add column tag_revision bigint not null default 0;

-- Every time that somebody had rows of a version's test split shown or sent. Never updated.
create table test_looks (
    id uuid primary key,
    version_id uuid not null references dataset_versions on delete cascade,
    user_id uuid references users on delete set null,
    how text not null check (how in ('page', 'api', 'download')),
    at timestamptz not null default now()
);
create index test_looks_version on test_looks (version_id, at desc);
