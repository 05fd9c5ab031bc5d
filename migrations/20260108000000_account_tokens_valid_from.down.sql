DROP TRIGGER account_ends_sessions ON "user";
DROP FUNCTION end_sessions_of_account();
ALTER TABLE "user" DROP COLUMN tokens_valid_from;
