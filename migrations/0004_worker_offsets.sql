-- A worker reads the trainer's event file piece by piece. How far it has come is stored in the same transaction as the
-- rows made of those events, so that after a restart it goes on where it stopped: nothing is lost, nothing comes twice.

alter table runs add column events_offset bigint not null default 0;
