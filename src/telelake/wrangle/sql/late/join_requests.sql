SELECT *
FROM both_join_requests
QUALIFY row_number() OVER (
    PARTITION BY context_date, chat_id, user_id, occurred_at,
                 CASE WHEN chat_id IS NULL OR user_id IS NULL OR occurred_at IS NULL THEN concat_ws('/', raw, ordinal) END
    ORDER BY received_at, raw, ordinal) = 1
