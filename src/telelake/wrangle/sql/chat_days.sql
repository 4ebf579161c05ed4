WITH seen AS (
    SELECT context_date,
           chat,
           coalesce(occurred_at, received_at) AS seen_at,
           -- What an export knows of someone is a name.
           kind IS DISTINCT FROM 'export_message' AS is_live,
           update_id,
           received_at,
           ordinal = 0 AS is_update,
           record_id,
           migrated_to_chat_id,
           migrated_from_chat_id
    FROM payloads
), chat AS (
    SELECT context_date,
           chat.id AS chat_id,
           arg_max(chat, (is_live, seen_at, update_id, received_at, record_id)) AS latest,
           max(migrated_to_chat_id) AS migrated_to_chat_id,
           max(migrated_from_chat_id) AS migrated_from_chat_id,
           min(seen_at) AS first_seen_at,
           max(seen_at) AS last_seen_at,
           count(*) FILTER (is_update) AS updates
    FROM seen
    WHERE chat.id IS NOT NULL
    GROUP BY ALL
), written AS (
    SELECT context_date, chat_id, count(*) AS messages,
           count(DISTINCT user_id) FILTER (WHERE is_bot IS DISTINCT FROM true) AS people
    FROM message_states
    WHERE is_latest AND NOT is_service
    GROUP BY ALL
)
SELECT chat.context_date,
       chat.chat_id,
       latest.type AS type,
       coalesce(latest.title, nullif(concat_ws(' ', nullif(latest.first_name, ''), nullif(latest.last_name, '')), '')) AS title,
       latest.username AS username,
       latest.is_forum AS is_forum,
       migrated_to_chat_id,
       migrated_from_chat_id,
       first_seen_at,
       last_seen_at,
       updates,
       coalesce(messages, 0) AS messages,
       coalesce(people, 0) AS people
FROM chat
LEFT JOIN written ON written.context_date = chat.context_date AND written.chat_id = chat.chat_id
