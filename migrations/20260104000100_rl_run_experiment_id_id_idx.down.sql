-- no-transaction
DROP INDEX CONCURRENTLY IF EXISTS rl_run_experiment_id_id_idx;
