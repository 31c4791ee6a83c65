-- Runs made up for tests and benchmarks, in one statement: $5 of them in project $1, on model $2 and version $3, by $4. Run n has
-- rank 4, 8, 16 or 32, one of seven learning rates, the seed n % 5, and a tuned accuracy of (n % 20) / 20 where the base has 0.25;
-- every tenth has failed. It took 2n seconds and was launched n hours after 2026 began.
with made as (
    insert into runs (id, project_id, number, name, model_id, version_id, recipe, status, failure_kind, failure, device, created_by,
        created_at, started_at, ended_at)
    select gen_random_uuid(), $1, n, 'run ' || n, $2, $3,
        jsonb_build_object('method', 'lora', 'seed', n % 5, 'lora', jsonb_build_object('rank', 4 << (n % 4)),
            'optimizer', jsonb_build_object('learning_rate', 0.0001 * (1 + n % 7))),
        case when n % 10 = 0 then 'failed' else 'succeeded' end,
        case when n % 10 = 0 then 'crashed' end,
        case when n % 10 = 0 then jsonb_build_object('code', 'said', 'text', '') end,
        'cpu', $4, at, at, at + make_interval(secs => 2 * n)
    from generate_series(1, $5::integer) n
    cross join lateral (select '2026-01-01 00:00:00+00'::timestamptz + make_interval(hours => n) as at) t
    returning id, number)
insert into evals (id, project_id, run_id, subject, version_id, split, metrics)
select gen_random_uuid(), $1, m.id, s.subject, $3, 'test', jsonb_build_object('task', 'classification', 'samples', 10,
    'values', jsonb_build_object('accuracy', case s.subject when 'base' then 0.25 else (m.number % 20) / 20.0 end,
        'macro_f1', case s.subject when 'base' then 0.2 else (m.number % 13) / 13.0 end))
from made m cross join (values ('base'), ('tuned')) as s(subject)
