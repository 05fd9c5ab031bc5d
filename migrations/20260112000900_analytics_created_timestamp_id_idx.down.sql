-- no-transaction
DROP INDEX CONCURRENTLY IF EXISTS analytics_created_timestamp_id_idx;
