-- no-transaction
-- The case review reads the measurements of one visit.
CREATE INDEX CONCURRENTLY measurement_visit_occurrence_id_idx ON measurement (visit_occurrence_id);
