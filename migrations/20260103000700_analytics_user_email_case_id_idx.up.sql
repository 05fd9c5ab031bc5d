-- no-transaction
-- The export finds the timing of an answer by participant and case.
CREATE INDEX CONCURRENTLY analytics_user_email_case_id_idx ON analytics (user_email, case_id);
