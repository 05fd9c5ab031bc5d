-- The rows stay where they are; the table only forgets by which index they were ordered.
ALTER TABLE display_config SET WITHOUT CLUSTER;
