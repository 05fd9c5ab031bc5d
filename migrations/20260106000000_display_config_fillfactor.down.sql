ALTER TABLE display_config RESET (fillfactor);
