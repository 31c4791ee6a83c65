-- A sample may be a multiple-choice question: the texts to choose from, as a list. Which one is right, the assistant's turn
-- says: by its text, or by its letter where the prompt lists them. Null for the many samples that have none.

alter table samples add column choices jsonb;
