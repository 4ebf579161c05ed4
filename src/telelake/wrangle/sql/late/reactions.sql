WITH counted AS (
    SELECT *,
           row_number() OVER (
               PARTITION BY context_date, bot_id, account_id, chat_id, message_id, user_id, actor_chat_id, occurred_at,
                            CAST(old_reactions AS VARCHAR), CAST(new_reactions AS VARCHAR)
               ORDER BY received_at, raw, ordinal) AS time
    FROM both_reactions
)
SELECT * EXCLUDE (time)
FROM counted
QUALIFY row_number() OVER (
    PARTITION BY context_date, account_id, chat_id, message_id, user_id, actor_chat_id, occurred_at,
                 CAST(old_reactions AS VARCHAR), CAST(new_reactions AS VARCHAR), time,
                 CASE WHEN chat_id IS NULL OR message_id IS NULL OR occurred_at IS NULL THEN concat_ws('/', raw, ordinal) END
    ORDER BY received_at, raw, ordinal) = 1
