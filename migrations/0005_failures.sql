-- Why a job or a run failed is data now ({"code": …, …}: domain::job::JobFailure, domain::run::RunProblem), so that each
-- reader gets it in their language. What was written as plain words before stays readable as such.

alter table jobs add column failure jsonb;
update jobs set failure = jsonb_build_object('code', 'said', 'text', error) where error is not null;
alter table jobs drop column error;
comment on column jobs.failure is 'why it failed; only after a failure';

alter table runs add column failure jsonb;
update runs set failure = jsonb_build_object('code', 'said', 'text', coalesce(failure_message, '')) where failure_kind is not null;
alter table runs drop column failure_message;
comment on column runs.failure is 'what exactly failed, beside failure_kind';
