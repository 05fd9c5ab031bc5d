-- no-transaction
-- The export of answers since a moment. Hidden from old code (README.md, "Indexes and old code").
CREATE INDEX CONCURRENTLY answer_created_timestamp_id_idx ON answer (created_timestamp, id)
    WHERE id >= -2147483648;
