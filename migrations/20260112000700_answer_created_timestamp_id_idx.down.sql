-- no-transaction
DROP INDEX CONCURRENTLY IF EXISTS answer_created_timestamp_id_idx;
