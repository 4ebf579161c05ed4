-- The chats with anything late, counted anew; what was last seen of one stands on the side that saw it last.
WITH seen AS (
    SELECT context_date, chat_id, is_late, kind IS DISTINCT FROM 'export_message' AS is_live,
           coalesce(occurred_at, received_at) AS seen_at, update_id, received_at, raw, true AS is_update
    FROM told_updates
    UNION ALL
    SELECT context_date, chat_id, is_late, true, sent_at, NULL, received_at, raw, false
    FROM sent_messages
), chat AS (
    SELECT context_date, chat_id, arg_max(is_late, (is_live, seen_at, update_id, received_at, raw)) AS is_late,
           count(*) FILTER (is_update) AS updates
    FROM seen
    WHERE chat_id IS NOT NULL
    GROUP BY ALL
), written AS (
    SELECT context_date, chat_id, count(*) AS messages, count(DISTINCT user_id) FILTER (is_bot IS DISTINCT FROM true) AS people
    FROM merged_messages
    WHERE NOT is_service
    GROUP BY ALL
)
SELECT late.context_date,
       late.chat_id,
       CASE WHEN is_late THEN late.type ELSE published.type END AS type,
       CASE WHEN is_late THEN late.title ELSE published.title END AS title,
       CASE WHEN is_late THEN late.username ELSE published.username END AS username,
       CASE WHEN is_late THEN late.is_forum ELSE published.is_forum END AS is_forum,
       greatest(published.migrated_to_chat_id, late.migrated_to_chat_id) AS migrated_to_chat_id,
       greatest(published.migrated_from_chat_id, late.migrated_from_chat_id) AS migrated_from_chat_id,
       least(published.first_seen_at, late.first_seen_at) AS first_seen_at,
       greatest(published.last_seen_at, late.last_seen_at) AS last_seen_at,
       chat.updates AS updates,
       coalesce(written.messages, 0) AS messages,
       coalesce(written.people, 0) AS people
FROM late_chat_days AS late
LEFT JOIN published_chat_days AS published ON published.context_date = late.context_date AND published.chat_id = late.chat_id
LEFT JOIN chat ON chat.context_date = late.context_date AND chat.chat_id = late.chat_id
LEFT JOIN written ON written.context_date = late.context_date AND written.chat_id = late.chat_id
UNION ALL BY NAME
SELECT *
FROM published_chat_days AS published
WHERE NOT EXISTS (
    SELECT 1 FROM late_chat_days AS late WHERE late.context_date = published.context_date AND late.chat_id = published.chat_id)
