-- The run table: every run of a project, Lathe's own and tracked ones, in rows that can be filtered, sorted and grouped by anything
-- that is known of a run.
--
-- What is known lies in a dozen tables: recipe, evaluations, points, params. A page of 10,000 runs sorted by one of a hundred
-- columns cannot join those within 50 ms, and no set of indices serves columns that projects invent. So each run has one row here
-- with its values laid flat, and a page is one scan of these rows. They are kept uncompressed in the row itself: reading one value
-- of compressed JSON means unpacking all of it, which is most of the time of such a scan.
create table table_rows (
    -- Of runs or tracked_runs.
    run_id uuid primary key,
    project_id uuid not null references projects on delete cascade,
    source text not null check (source in ('lathe', 'mlflow')),
    -- {"recipe.lora.rank": 8, "eval.accuracy": 0.9, …}: numbers, texts and booleans; times are milliseconds since 1970.
    facts jsonb not null,
    -- Copied from run_marks.
    tags text[] not null default '{}',
    note text not null default '',
    is_archived boolean not null default false,
    created_at timestamptz not null,
    refreshed_at timestamptz not null default now()
) with (toast_tuple_target = 8160);
create index table_rows_project on table_rows (project_id, created_at desc, run_id desc);

-- The names that facts have had in a project, with what they held: what can be filtered by, without reading every row.
create table table_columns (
    project_id uuid not null references projects on delete cascade,
    name text not null,
    kind text not null check (kind in ('number', 'text', 'flag')),
    primary key (project_id, name, kind)
);

-- What people write on runs. It is theirs; table_rows can be made again from the rest at any time.
create table run_marks (
    run_id uuid primary key,
    project_id uuid not null references projects on delete cascade,
    tags text[] not null default '{}',
    note text not null default '',
    archived_at timestamptz,
    updated_by uuid references users,
    updated_at timestamptz not null default now()
);

-- Views of the table that somebody has kept under a name.
create table table_views (
    id uuid primary key,
    project_id uuid not null references projects on delete cascade,
    name text not null,
    is_shared boolean not null,
    -- domain::table::TableView
    state jsonb not null,
    -- Raised by every overwriting, which names the revision it saw.
    revision integer not null default 0,
    created_by uuid not null references users,
    updated_by uuid not null references users,
    updated_at timestamptz not null default now()
);
create unique index table_views_shared on table_views (project_id, name) where is_shared;
create unique index table_views_own on table_views (project_id, created_by, name) where not is_shared;

-- Runs whose row is not what is known of them any more. Whoever reads the table makes their rows anew first, so writers pay for
-- this mark alone, and a run whose table nobody reads costs nothing.
create table table_due (
    id bigint generated always as identity primary key,
    run_id uuid not null,
    project_id uuid not null
);
create index table_due_run on table_due (run_id);
create index table_due_project on table_due (project_id, id);

-- A mark that is there already is enough, if it can be locked: a reader, who takes marks away, then leaves it until the writer's
-- transaction has ended, and so never takes it for done before it can see what was written. Many writers may hold it at once, and
-- nobody waits for anybody: of a mark that a reader is taking away, a second one is made. The plan is made once for a session, when
-- there may be no mark at all: it must not read all of them for that.
create function mark_table_due(run uuid, project uuid) returns void language plpgsql set enable_seqscan = off as $$
begin
    perform 1 from table_due where run_id = run limit 1 for key share skip locked;
    if not found then
        insert into table_due (run_id, project_id) values (run, project);
    end if;
end $$;

create function table_due_run() returns trigger language plpgsql as $$
begin
    perform mark_table_due(new.id, new.project_id);
    return null;
end $$;
-- A run that is new has no mark yet.
create function table_due_new_run() returns trigger language plpgsql as $$
begin
    insert into table_due (run_id, project_id) select id, project_id from made;
    return null;
end $$;
create trigger table_due_made after insert on runs
    referencing new table as made for each statement execute function table_due_new_run();
-- A run that works is looked at again whenever the table is read; its heartbeats leave no mark.
create trigger table_due_changed after update on runs for each row
    when (old.status is distinct from new.status or old.name is distinct from new.name
        or old.ended_at is distinct from new.ended_at or old.summary is distinct from new.summary)
    execute function table_due_run();

create function table_due_runs() returns trigger language plpgsql as $$
begin
    perform mark_table_due(c.run_id, c.project_id) from (select distinct run_id, project_id from changed) c;
    return null;
end $$;
create trigger table_due_made after insert on evals
    referencing new table as changed for each statement execute function table_due_runs();
create trigger table_due_changed after update on evals
    referencing new table as changed for each statement execute function table_due_runs();
create trigger table_due_made after insert on run_marks
    referencing new table as changed for each statement execute function table_due_runs();
create trigger table_due_changed after update on run_marks
    referencing new table as changed for each statement execute function table_due_runs();

-- Names that rows repeat.
create function table_due_dataset() returns trigger language plpgsql as $$
begin
    perform mark_table_due(r.id, r.project_id) from runs r join dataset_versions v on v.id = r.version_id where v.dataset_id = new.id;
    return null;
end $$;
create trigger table_due_renamed after update on datasets for each row
    when (old.name is distinct from new.name) execute function table_due_dataset();

create function table_due_person() returns trigger language plpgsql as $$
begin
    perform mark_table_due(r.id, r.project_id) from runs r where r.created_by = new.id;
    perform mark_table_due(t.id, e.project_id) from tracked_runs t join tracked_experiments e on e.id = t.experiment_id
        where t.created_by = new.id;
    return null;
end $$;
create trigger table_due_renamed after update on users for each row
    when (old.name is distinct from new.name) execute function table_due_person();

create function table_due_experiment() returns trigger language plpgsql as $$
begin
    perform mark_table_due(r.id, new.project_id) from tracked_runs r where r.experiment_id = new.id;
    return null;
end $$;
create trigger table_due_changed after update on tracked_experiments for each row
    when (old.name is distinct from new.name or old.deleted_at is distinct from new.deleted_at)
    execute function table_due_experiment();

create function table_due_tracked_run() returns trigger language plpgsql as $$
begin
    perform mark_table_due(new.id, e.project_id) from tracked_experiments e where e.id = new.experiment_id;
    return null;
end $$;
create trigger table_due_made after insert on tracked_runs for each row execute function table_due_tracked_run();
create trigger table_due_changed after update on tracked_runs for each row execute function table_due_tracked_run();

-- A batch of a thousand metrics is one statement, and one mark.
create function table_due_logged() returns trigger language plpgsql as $$
begin
    perform mark_table_due(r.id, e.project_id) from (select distinct run_id from changed) c
        join tracked_runs r on r.id = c.run_id join tracked_experiments e on e.id = r.experiment_id;
    return null;
end $$;
create trigger table_due_made after insert on tracked_series
    referencing new table as changed for each statement execute function table_due_logged();
create trigger table_due_changed after update on tracked_series
    referencing new table as changed for each statement execute function table_due_logged();
create trigger table_due_made after insert on tracked_params
    referencing new table as changed for each statement execute function table_due_logged();
create trigger table_due_changed after update on tracked_params
    referencing new table as changed for each statement execute function table_due_logged();
create trigger table_due_made after insert on tracked_tags
    referencing new table as changed for each statement execute function table_due_logged();
create trigger table_due_changed after update on tracked_tags
    referencing new table as changed for each statement execute function table_due_logged();
create trigger table_due_removed after delete on tracked_tags
    referencing old table as changed for each statement execute function table_due_logged();

insert into table_due (run_id, project_id) select id, project_id from runs;
insert into table_due (run_id, project_id)
    select r.id, e.project_id from tracked_runs r join tracked_experiments e on e.id = r.experiment_id;
