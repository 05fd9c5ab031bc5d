-- no-transaction
-- The export of timings since a moment. Hidden from old code (README.md, "Indexes and old code").
CREATE INDEX CONCURRENTLY analytics_created_timestamp_id_idx ON analytics (created_timestamp, id)
    WHERE id >= -2147483648;
