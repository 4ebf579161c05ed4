-- In two steps, so that people are counted among few rows.
WITH written AS (
    SELECT context_date, chat_id, local_hour(sent_at, context_date) AS local_hour,
           CASE WHEN is_bot IS DISTINCT FROM true THEN user_id END AS user_id,
           coalesce(is_bot AND sender_chat_id IS NULL, false) OR direction = 'out' AS is_bots, direction, count(*) AS messages
    FROM message_states
    WHERE is_latest AND NOT is_service
    GROUP BY ALL
)
SELECT context_date, chat_id, local_hour,
       sum(messages) AS messages,
       coalesce(sum(messages) FILTER (NOT is_bots), 0) AS people_messages,
       coalesce(sum(messages) FILTER (is_bots), 0) AS bot_messages,
       coalesce(sum(messages) FILTER (direction = 'out'), 0) AS out_messages,
       count(DISTINCT user_id) FILTER (NOT is_bots) AS people
FROM written
GROUP BY context_date, chat_id, local_hour
