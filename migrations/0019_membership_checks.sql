-- A version's membership is written by the million, and a foreign key looks each row up by itself: half of the time of an
-- import. The same is checked here once per statement, and a version still takes its membership with it.
-- Rows are only ever written together with their version or under a lock on its dataset, so that nobody deletes what they
-- refer to in between.
alter table version_samples
    drop constraint if exists version_samples_version_id_fkey,
    drop constraint version_samples_sample_id_fkey;

-- What did the latter part of it before.
drop trigger if exists dataset_versions_delete_samples on dataset_versions;
drop function if exists delete_version_samples();

create function check_membership() returns trigger language plpgsql as $$
begin
    if exists (select from written w where not exists (select from samples s where s.id = w.sample_id)) then
        raise foreign_key_violation using message = 'a version cannot have a sample that does not exist';
    end if;
    if exists (select from (select distinct version_id from written) w where not exists (select from dataset_versions v where v.id = w.version_id)) then
        raise foreign_key_violation using message = 'a sample cannot be in a version that does not exist';
    end if;
    return null;
end $$;
create trigger check_membership_inserted after insert on version_samples
    referencing new table as written for each statement execute function check_membership();
create trigger check_membership_updated after update on version_samples
    referencing new table as written for each statement execute function check_membership();

create function drop_membership() returns trigger language plpgsql as $$
begin
    delete from version_samples m using gone g where m.version_id = g.id;
    return null;
end $$;
create trigger drop_membership after delete on dataset_versions
    referencing old table as gone for each statement execute function drop_membership();

create function keep_members() returns trigger language plpgsql as $$
begin
    if exists (select from gone g join version_samples m on m.sample_id = g.id) then
        raise foreign_key_violation using message = 'a sample that a version has cannot be deleted';
    end if;
    return null;
end $$;
create trigger keep_members after delete on samples
    referencing old table as gone for each statement execute function keep_members();
