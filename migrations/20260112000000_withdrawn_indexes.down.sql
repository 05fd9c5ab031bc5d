-- What old code was disturbed by does not come back.
SELECT 1;
