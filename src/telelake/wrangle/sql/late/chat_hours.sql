-- The hours with late messages, counted anew.
WITH written AS (
    SELECT context_date, chat_id, local_hour, direction, is_bot,
           coalesce(is_bot AND sender_chat_id IS NULL, false) OR direction = 'out' AS is_bots, user_id
    FROM merged_messages
    WHERE NOT is_service
), counted AS (
    SELECT context_date, chat_id, local_hour,
           count(*) AS messages,
           count(*) FILTER (NOT is_bots) AS people_messages,
           count(*) FILTER (is_bots) AS bot_messages,
           count(*) FILTER (direction = 'out') AS out_messages,
           count(DISTINCT user_id) FILTER (NOT is_bots AND is_bot IS DISTINCT FROM true) AS people
    FROM written
    GROUP BY ALL
)
SELECT counted.*
FROM counted
JOIN late_chat_hours AS late
  ON  late.context_date = counted.context_date
  AND late.chat_id IS NOT DISTINCT FROM counted.chat_id
  AND late.local_hour IS NOT DISTINCT FROM counted.local_hour
UNION ALL BY NAME
SELECT *
FROM published_chat_hours AS published
WHERE NOT EXISTS (
    SELECT 1
    FROM late_chat_hours AS late
    WHERE late.context_date = published.context_date
      AND late.chat_id IS NOT DISTINCT FROM published.chat_id
      AND late.local_hour IS NOT DISTINCT FROM published.local_hour)
