-- no-transaction
-- The case review reads the measurements of one visit. Hidden from old code (README.md, "Indexes and old code").
CREATE INDEX CONCURRENTLY measurement_visit_occurrence_id_idx ON measurement (visit_occurrence_id)
    WHERE measurement_id >= -2147483648;
