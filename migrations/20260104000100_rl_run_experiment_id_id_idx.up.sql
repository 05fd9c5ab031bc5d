-- no-transaction
-- The frontend lists the runs of one experiment, newest first; an adaptive experiment has one every few minutes.
CREATE INDEX CONCURRENTLY rl_run_experiment_id_id_idx ON rl_run (experiment_id, id);
