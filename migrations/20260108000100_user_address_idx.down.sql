-- no-transaction
DROP INDEX CONCURRENTLY user_address_idx;
