-- Work that two may do at once: storing a file whose content is just being deleted, comparing the same large versions.

-- When its bytes were last stored. Whoever stores them names them a moment later (an upload, a file of a model), and until
-- then nothing but this time says that they are needed.
alter table artifacts add column stored_at timestamptz not null default now();

-- Finds the latest comparison of two versions, so that whoever asks again waits for the one that is under way.
create index jobs_of_comparisons on jobs ((payload->>'from_id'), (payload->>'to_id'), created_at desc)
    where kind = 'diff_versions';
