-- no-transaction
-- GET /api/config/answer takes the newest questionnaire; one without a date is the oldest.
CREATE INDEX CONCURRENTLY answer_config_created_timestamp_idx ON answer_config (created_timestamp DESC NULLS LAST);
