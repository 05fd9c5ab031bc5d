-- no-transaction
DROP INDEX CONCURRENTLY IF EXISTS measurement_visit_occurrence_id_idx;
