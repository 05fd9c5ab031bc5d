-- no-transaction
-- The export of answers reads the risk scores of a visit (concept 45614722). Equal entries are in physical order, so old code may use it.
CREATE INDEX CONCURRENTLY observation_colorectal_risk_idx ON observation (visit_occurrence_id)
    WHERE observation_concept_id = 45614722;
