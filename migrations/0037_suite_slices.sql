-- Results of suites cut into parts, computed once by a job and kept until what they are computed of changes. All of it is computed
-- from other tables, and is computed again where it is missing.

create table suite_slices (
    result_id uuid not null references suite_results on delete cascade,
    metric text not null,
    -- MD5 of what the parts depend on besides the answers: the fields and filters that are asked for, the scoring that says how hard
    -- samples are, the clusters of their bad cases. A report of another stamp than that of now is not shown.
    stamp text not null,
    -- domain::suite::SliceReport.
    report jsonb not null,
    computed_at timestamptz not null default now(),
    primary key (result_id, metric)
);
