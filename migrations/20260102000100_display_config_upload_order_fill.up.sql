-- no-transaction
-- Existing rows get the order they physically have, which is the one the old system serves them in (README.md, "The order of
-- assignments"). 256 blocks (2 MB) at a time, each committed: an upload by old code waits for one step, not for the whole table.
-- A row's order follows from its own ctid alone, and filled rows are left alone: an interrupted run just goes on.
-- safe: opaque-code: the UPDATEs are the batches described above; they touch no other column
DO $$
DECLARE
    step CONSTANT bigint := 256;
    first_block bigint := 0;
    blocks CONSTANT bigint := pg_relation_size('display_config') / current_setting('block_size')::bigint;
BEGIN
    WHILE first_block < blocks LOOP
        UPDATE display_config
        SET upload_order = (ctid::text::point)[0]::bigint * 2048 + (ctid::text::point)[1]::bigint
        WHERE upload_order IS NULL
          AND ctid >= format('(%s,0)', first_block)::tid
          AND ctid < format('(%s,0)', first_block + step)::tid;
        COMMIT;
        first_block := first_block + step;
    END LOOP;
    -- Rows that old code moved to another block meanwhile.
    UPDATE display_config
    SET upload_order = (ctid::text::point)[0]::bigint * 2048 + (ctid::text::point)[1]::bigint
    WHERE upload_order IS NULL;
END
$$;
