DROP TABLE audit_entry;
DROP FUNCTION refuse_change_of_audit_entry();
