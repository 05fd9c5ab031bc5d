-- no-transaction
-- The export of answers since a moment.
CREATE INDEX CONCURRENTLY answer_created_timestamp_id_idx ON answer (created_timestamp, id);
