-- Only databases of developers have these: their migrations were withdrawn before any deployment, because with these indexes old code
-- returned rows in another order (docs/decisions.md, 90). The files that follow build their successors.
-- safe: require-concurrent-index-deletion: a deployed database has none of them
DROP INDEX IF EXISTS
    measurement_visit_occurrence_id_idx,
    observation_colorectal_risk_idx,
    display_config_user_email_upload_order_idx,
    display_config_user_email_case_id_id_idx,
    answer_user_email_task_id_idx,
    answer_user_email_created_timestamp_id_idx,
    answer_created_timestamp_id_idx,
    analytics_user_email_case_id_idx,
    analytics_created_timestamp_id_idx;
