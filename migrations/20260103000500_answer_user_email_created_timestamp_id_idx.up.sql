-- no-transaction
-- The export pages through answers in this order and numbers them per participant.
CREATE INDEX CONCURRENTLY answer_user_email_created_timestamp_id_idx ON answer (user_email, created_timestamp, id);
