-- Judges as metrics of suites: a judging may be about the answers of a suite's result. And who exactly was asked is part of what a
-- calibration is of.

alter table judgings alter column first_eval drop not null;
alter table judgings add column first_result uuid references suite_results on delete cascade;
alter table judgings add constraint judgings_about check (num_nonnulls(first_eval, first_result) = 1);
-- A version is asked once about a result.
create unique index judgings_result on judgings (first_result, judge_version_id) where first_result is not null;

-- SHA-256 of everything that a judge's answers depend on (domain::judge::identity), as it was when the judge was asked; null where
-- it changed in between, or is not known. The model's name is what people read of it.
alter table judgings add column identity text;
alter table judgings add column asked_model text;
alter table judge_calibrations add column identity text;
alter table judge_calibrations add column asked_model text;

-- By metric, whose figure it is and whether the judge counted when it was taken (domain::suite::JudgedFigure). The figures
-- themselves stand among the scores.
alter table suite_results add column judged jsonb not null default '{}';
