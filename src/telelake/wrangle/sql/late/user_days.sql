-- The people with anything late, counted anew; what was last seen of one stands on the side that saw it last.
WITH seen AS (
    SELECT context_date, user_id, chat_id, is_late, kind IS DISTINCT FROM 'export_message' AS is_live,
           coalesce(occurred_at, received_at) AS seen_at, update_id, received_at, raw, true AS is_update
    FROM told_updates
    -- Whose boost it is stands in `updates`, and makes nobody seen.
    WHERE kind IS NULL OR kind NOT IN ('chat_boost', 'removed_chat_boost')
    UNION ALL
    SELECT context_date, user_id, chat_id, is_late, true, sent_at, NULL, received_at, raw, false
    FROM sent_messages
), person AS (
    SELECT context_date, user_id, arg_max(is_late, (is_live, seen_at, update_id, received_at, raw)) AS is_late,
           count(*) FILTER (is_update) AS updates, count(DISTINCT chat_id) AS chats
    FROM seen
    WHERE user_id IS NOT NULL
    GROUP BY ALL
), written AS (
    SELECT context_date, user_id, count(*) AS messages, sum(coalesce(length, 0)) AS characters
    FROM merged_messages
    WHERE NOT is_service
    GROUP BY ALL
)
SELECT late.context_date,
       late.user_id,
       CASE WHEN is_late THEN late.first_name ELSE published.first_name END AS first_name,
       CASE WHEN is_late THEN late.last_name ELSE published.last_name END AS last_name,
       CASE WHEN is_late THEN late.username ELSE published.username END AS username,
       CASE WHEN is_late THEN late.language_code ELSE published.language_code END AS language_code,
       CASE WHEN is_late THEN late.is_bot ELSE published.is_bot END AS is_bot,
       CASE WHEN is_late THEN late.is_premium ELSE published.is_premium END AS is_premium,
       least(published.first_seen_at, late.first_seen_at) AS first_seen_at,
       greatest(published.last_seen_at, late.last_seen_at) AS last_seen_at,
       person.updates AS updates,
       coalesce(written.messages, 0) AS messages,
       coalesce(written.characters, 0) AS characters,
       person.chats AS chats
FROM late_user_days AS late
LEFT JOIN published_user_days AS published ON published.context_date = late.context_date AND published.user_id = late.user_id
LEFT JOIN person ON person.context_date = late.context_date AND person.user_id = late.user_id
LEFT JOIN written ON written.context_date = late.context_date AND written.user_id = late.user_id
UNION ALL BY NAME
SELECT *
FROM published_user_days AS published
WHERE NOT EXISTS (
    SELECT 1 FROM late_user_days AS late WHERE late.context_date = published.context_date AND late.user_id = published.user_id)
