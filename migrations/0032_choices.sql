-- A sample may be a multiple-choice question: the texts to choose from, as a list. Which one is right, the assistant's turn
-- says: by its text, or by its letter where the prompt lists them. Null for the many samples that have none.

alter table samples add column choices jsonb;

-- What a task file of lm-evaluation-harness says (its prompts, ends of answers, metrics), beside the samples that were made of
-- it: first with their file, then with the version that is imported from it, where suites read it.
alter table uploads add column task jsonb;
-- The uploads that such a file was made of, the task file and its data: who erases samples finds these raw files, too.
alter table uploads add column rendered_from uuid[];
alter table dataset_versions add column task jsonb;
