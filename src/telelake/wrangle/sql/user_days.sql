WITH seen AS (
    SELECT context_date,
           person,
           chat_id,
           coalesce(occurred_at, received_at) AS seen_at,
           -- What an export knows of someone is a name.
           kind IS DISTINCT FROM 'export_message' AS is_live,
           update_id,
           received_at,
           ordinal = 0 AS is_update,
           record_id
    FROM payloads
), person AS (
    SELECT context_date,
           person.id AS user_id,
           arg_max(person, (is_live, seen_at, update_id, received_at, record_id)) AS latest,
           min(seen_at) AS first_seen_at,
           max(seen_at) AS last_seen_at,
           count(*) FILTER (is_update) AS updates,
           count(DISTINCT chat_id) AS chats
    FROM seen
    WHERE person.id IS NOT NULL
    GROUP BY ALL
), written AS (
    SELECT context_date, user_id, count(*) AS messages, sum(coalesce(length, 0)) AS characters
    FROM message_states
    WHERE is_latest AND NOT is_service
    GROUP BY ALL
)
SELECT person.context_date,
       person.user_id,
       latest.first_name AS first_name,
       latest.last_name AS last_name,
       latest.username AS username,
       latest.language_code AS language_code,
       latest.is_bot AS is_bot,
       latest.is_premium AS is_premium,
       first_seen_at,
       last_seen_at,
       updates,
       coalesce(messages, 0) AS messages,
       coalesce(characters, 0) AS characters,
       chats
FROM person
LEFT JOIN written ON written.context_date = person.context_date AND written.user_id = person.user_id
