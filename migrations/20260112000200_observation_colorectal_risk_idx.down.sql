-- no-transaction
DROP INDEX CONCURRENTLY IF EXISTS observation_colorectal_risk_idx;
