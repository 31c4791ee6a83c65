-- What is put back into a queue may have to wait before it is taken again: until memory is free, or until a database or an
-- artifact store that did not answer may answer again. Others go first meanwhile.
alter table jobs add column not_before timestamptz;
alter table runs add column not_before timestamptz;
