-- no-transaction
-- The export of timings since a moment.
CREATE INDEX CONCURRENTLY analytics_created_timestamp_id_idx ON analytics (created_timestamp, id);
