-- no-transaction
DROP INDEX CONCURRENTLY IF EXISTS answer_config_created_timestamp_idx;
