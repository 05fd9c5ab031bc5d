-- no-transaction
-- The case review and the case list read the observations of one visit; the export reads its risk score.
CREATE INDEX CONCURRENTLY observation_visit_occurrence_id_idx ON observation (visit_occurrence_id);
