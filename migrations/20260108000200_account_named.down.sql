DROP FUNCTION account_named(text);
