WITH opened AS (
    SELECT *, event_of_inline_queries(event) AS e FROM events WHERE kind = 'inline_query'
)
SELECT context_date, bot_id, received_at, raw, ordinal,
       e.id AS query_id,
       e."from".id AS user_id,
       e.query AS query,
       e."offset" AS page,
       e.chat_type AS chat_type,
       e.location.latitude AS latitude,
       e.location.longitude AS longitude
FROM opened
