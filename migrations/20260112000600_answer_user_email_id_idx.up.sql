-- no-transaction
-- The export pages through answers in this order and numbers them per participant. Hidden from old code (README.md, "Indexes and old code").
CREATE INDEX CONCURRENTLY answer_user_email_id_idx ON answer (user_email, id)
    WHERE id >= -2147483648;
