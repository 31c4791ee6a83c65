-- Work shared out at scale: groups of members, batches of a task's items, how far each person has looked for work, and counts
-- that are kept instead of counted.

-- Members of a project under a name. A task, or a batch of it, may be given to a group.
create table member_groups (
    id uuid primary key,
    project_id uuid not null references projects on delete cascade,
    name text not null,
    created_by uuid not null references users,
    created_at timestamptz not null default now()
);
create unique index member_groups_name on member_groups (project_id, lower(name));

create table member_group_people (
    group_id uuid not null references member_groups on delete cascade,
    user_id uuid not null references users on delete cascade,
    primary key (group_id, user_id)
);
create index member_group_people_user on member_group_people (user_id);

-- Groups that work on a task, beside the people whom it names.
create table annotation_task_groups (
    task_id uuid not null references annotation_tasks on delete cascade,
    group_id uuid not null references member_groups on delete cascade,
    primary key (task_id, group_id)
);
create index annotation_task_groups_group on annotation_task_groups (group_id);

-- Stretches of a task's order. Every task has one from its beginning; one that is not cut has no other.
create table annotation_batches (
    task_id uuid not null references annotation_tasks on delete cascade,
    number integer not null,
    name text not null default '',
    first_rank integer not null,
    last_rank integer not null,
    -- People are given items of open ones alone.
    status text not null default 'open' check (status in ('waiting', 'open', 'closed')),
    -- Those who are given its items; null for all who work on the task.
    group_id uuid references member_groups on delete set null,
    deadline timestamptz,
    primary key (task_id, number)
);
create index annotation_batches_group on annotation_batches (group_id);

alter table annotation_items
    add column batch integer not null default 1,
    -- When somebody could last be given it who could not before: a slot was given back, or it became an ordinary item. Null
    -- where that never happened. Whoever has looked through all items looks at these alone.
    add column freed_at timestamptz;
-- An item is written several times until it is judged: what is not in `annotation_items_free` any more goes from it early.
alter table annotation_items set (autovacuum_vacuum_scale_factor = 0.02);
create index annotation_items_freed on annotation_items (task_id, freed_at)
    where freed_at is not null and free > 0 and gold is null and status = 'open';

-- How far somebody has looked through a batch: from where they began (`from_rank`) to its end, then from its beginning to
-- there. What they could be given on the way they were given, so nothing behind the cursor is looked at again unless it is freed.
create table annotation_sweeps (
    task_id uuid not null references annotation_tasks on delete cascade,
    batch integer not null,
    user_id uuid not null references users on delete cascade,
    from_rank integer not null,
    cursor_rank integer not null,
    -- The end was reached: the cursor is before `from_rank`.
    is_wrapped boolean not null default false,
    is_swept boolean not null default false,
    primary key (task_id, batch, user_id)
);
insert into annotation_sweeps (task_id, batch, user_id, from_rank, cursor_rank)
    select task_id, 1, user_id, cursor_rank, cursor_rank from annotation_progress;

-- Raised whenever batches or the people of their groups change: what was freed meanwhile may be somebody's now who passed it over.
alter table annotation_tasks add column look_again integer not null default 0;

-- Up to when they have looked at what was freed, as long as `look_again` of the task is still what it was then. `cursor_rank` is
-- the last item taken, wherever it was found.
alter table annotation_progress
    add column freed_seen timestamptz,
    add column looked_again integer not null default 0;

-- How many items of a batch are how far, as the sum of its shards: everybody who judges changes these numbers, and on one row
-- they would wait for each other. A shard by itself may be below zero.
create table annotation_counts (
    task_id uuid not null references annotation_tasks on delete cascade,
    batch integer not null,
    shard smallint not null,
    open bigint not null default 0,
    judged bigint not null default 0,
    review bigint not null default 0,
    adjudication bigint not null default 0,
    accepted bigint not null default 0,
    excluded bigint not null default 0,
    gold bigint not null default 0,
    -- Judgements wanted and given, gold items left out.
    wanted bigint not null default 0,
    given bigint not null default 0,
    primary key (task_id, batch, shard)
) with (fillfactor = 50);

create function make_first_batch() returns trigger language plpgsql as $$
begin
    insert into annotation_batches (task_id, number, first_rank, last_rank) values (new.id, 1, 0, 2147483647);
    return null;
end $$;

create function make_counts() returns trigger language plpgsql as $$
begin
    insert into annotation_counts (task_id, batch, shard) select new.task_id, new.number, s from generate_series(0, 15) s
        on conflict do nothing;
    return null;
end $$;
create trigger make_counts after insert on annotation_batches for each row execute function make_counts();

insert into annotation_batches (task_id, number, first_rank, last_rank) select id, 1, 0, 2147483647 from annotation_tasks;
create trigger make_first_batch after insert on annotation_tasks for each row execute function make_first_batch();

update annotation_counts c set open = n.open, judged = n.judged, review = n.review, adjudication = n.adjudication,
    accepted = n.accepted, excluded = n.excluded, gold = n.gold, wanted = n.wanted, given = n.given
from (
    select task_id,
        count(*) filter (where gold is null and status = 'open') as open,
        count(*) filter (where gold is null and status = 'judged') as judged,
        count(*) filter (where gold is null and status = 'review') as review,
        count(*) filter (where gold is null and status = 'adjudication') as adjudication,
        count(*) filter (where gold is null and status = 'accepted') as accepted,
        count(*) filter (where gold is null and status = 'excluded') as excluded,
        count(*) filter (where gold is not null) as gold,
        coalesce(sum(wanted) filter (where gold is null), 0) as wanted,
        coalesce(sum(least(judged, wanted)) filter (where gold is null), 0) as given
    from annotation_items group by task_id
) n
where c.task_id = n.task_id and c.batch = 1 and c.shard = 0;

-- Whatever writes items keeps the counts, once per statement and on one row of each batch: that of its own connection, in the
-- order of tasks and batches, so that no two wait for each other. A statement that changes nothing counted writes nothing.
create function count_new_items() returns trigger language plpgsql as $$
begin
    insert into annotation_counts as c (task_id, batch, shard, open, judged, review, adjudication, accepted, excluded, gold, wanted, given)
        select task_id, batch, pg_backend_pid() % 16,
            count(*) filter (where gold is null and status = 'open'),
            count(*) filter (where gold is null and status = 'judged'),
            count(*) filter (where gold is null and status = 'review'),
            count(*) filter (where gold is null and status = 'adjudication'),
            count(*) filter (where gold is null and status = 'accepted'),
            count(*) filter (where gold is null and status = 'excluded'),
            count(*) filter (where gold is not null),
            coalesce(sum(wanted) filter (where gold is null), 0),
            coalesce(sum(least(judged, wanted)) filter (where gold is null), 0)
        from fresh group by task_id, batch order by task_id, batch
        on conflict (task_id, batch, shard) do update set
            open = c.open + excluded.open, judged = c.judged + excluded.judged, review = c.review + excluded.review,
            adjudication = c.adjudication + excluded.adjudication, accepted = c.accepted + excluded.accepted,
            excluded = c.excluded + excluded.excluded, gold = c.gold + excluded.gold, wanted = c.wanted + excluded.wanted,
            given = c.given + excluded.given;
    return null;
end $$;
create trigger count_new_items after insert on annotation_items
    referencing new table as fresh for each statement execute function count_new_items();

create function count_changed_items() returns trigger language plpgsql as $$
declare
    d record;
begin
    -- Without a join: its plan, kept for the connection, would be that of the first statement, which may have been of one item.
    for d in
        select * from (
            select task_id, batch,
                sum(n * (is_ordinary and status = 'open')::int) as open,
                sum(n * (is_ordinary and status = 'judged')::int) as judged,
                sum(n * (is_ordinary and status = 'review')::int) as review,
                sum(n * (is_ordinary and status = 'adjudication')::int) as adjudication,
                sum(n * (is_ordinary and status = 'accepted')::int) as accepted,
                sum(n * (is_ordinary and status = 'excluded')::int) as excluded,
                sum(n * (not is_ordinary)::int) as gold,
                sum(n * is_ordinary::int * wanted) as wanted,
                sum(n * is_ordinary::int * least(judged, wanted)) as given
            from (
                select task_id, batch, status, gold is null as is_ordinary, judged, wanted, 1 as n from fresh
                union all
                select task_id, batch, status, gold is null, judged, wanted, -1 from gone
            ) r
            group by task_id, batch
        ) s
        where (open, judged, review, adjudication, accepted, excluded, gold, wanted, given) <> (0, 0, 0, 0, 0, 0, 0, 0, 0)
        order by task_id, batch
    loop
        update annotation_counts c set open = c.open + d.open, judged = c.judged + d.judged, review = c.review + d.review,
            adjudication = c.adjudication + d.adjudication, accepted = c.accepted + d.accepted, excluded = c.excluded + d.excluded,
            gold = c.gold + d.gold, wanted = c.wanted + d.wanted, given = c.given + d.given
        where c.task_id = d.task_id and c.batch = d.batch and c.shard = pg_backend_pid() % 16;
    end loop;
    return null;
end $$;
create trigger count_changed_items after update on annotation_items
    referencing old table as gone new table as fresh for each statement execute function count_changed_items();

-- Where the items go with their task there is nothing to change any more.
create function count_gone_items() returns trigger language plpgsql as $$
begin
    update annotation_counts c set open = c.open - n.open, judged = c.judged - n.judged, review = c.review - n.review,
        adjudication = c.adjudication - n.adjudication, accepted = c.accepted - n.accepted, excluded = c.excluded - n.excluded,
        gold = c.gold - n.gold, wanted = c.wanted - n.wanted, given = c.given - n.given
    from (
        select task_id, batch,
            count(*) filter (where gold is null and status = 'open') as open,
            count(*) filter (where gold is null and status = 'judged') as judged,
            count(*) filter (where gold is null and status = 'review') as review,
            count(*) filter (where gold is null and status = 'adjudication') as adjudication,
            count(*) filter (where gold is null and status = 'accepted') as accepted,
            count(*) filter (where gold is null and status = 'excluded') as excluded,
            count(*) filter (where gold is not null) as gold,
            coalesce(sum(wanted) filter (where gold is null), 0) as wanted,
            coalesce(sum(least(judged, wanted)) filter (where gold is null), 0) as given
        from gone group by task_id, batch
    ) n
    where c.task_id = n.task_id and c.batch = n.batch and c.shard = pg_backend_pid() % 16;
    return null;
end $$;
create trigger count_gone_items after delete on annotation_items
    referencing old table as gone for each statement execute function count_gone_items();
