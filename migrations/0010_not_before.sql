-- What is put back into a queue may have to wait before it is taken again: until memory is free, or until a database or an
-- artifact store that did not answer may answer again. Others go first meanwhile.
alter table jobs add column not_before timestamptz;
alter table runs add column not_before timestamptz;

-- A sweep fails when the preflight of its first run finds what every other run would fail of.
alter table sweeps drop constraint sweeps_status_check;
alter table sweeps add constraint sweeps_status_check
    check (status in ('running', 'done', 'budget_used', 'failed', 'cancelled'));
