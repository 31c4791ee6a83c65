-- What searches of tracked runs are found by.

-- In the order in which a search gives an experiment's runs: the last started first, those that say no start behind them. A page is
-- then read from here; without this every page sorts all runs of the experiment.
drop index tracked_runs_experiment;
create index tracked_runs_experiment on tracked_runs (experiment_id, started_ms desc nulls last, id desc);

-- `params.x = 'y'`: by the first letters of the value, since a whole one may be longer than an index can hold. Parameters are written
-- once and tags seldom again. There is none for metrics: their newest values change with every batch, and a change that no index
-- notices stays within its page.
create index tracked_params_value on tracked_params (key, left(value, 40));
create index tracked_tags_value on tracked_tags (key, left(value, 40));
