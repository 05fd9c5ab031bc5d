-- no-transaction
-- The export of answers reads one risk score per visit (concept 45614722): without this it fetches all observations of the visit.
CREATE INDEX CONCURRENTLY observation_colorectal_risk_idx ON observation (visit_occurrence_id, observation_datetime, observation_id)
    WHERE observation_concept_id = 45614722;
