-- no-transaction
DROP INDEX CONCURRENTLY IF EXISTS observation_visit_occurrence_id_idx;
