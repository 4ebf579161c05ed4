WITH opened AS (
    SELECT *, event_of_business_connections(event) AS e FROM events WHERE kind = 'business_connection'
)
SELECT context_date, bot_id, received_at, raw, ordinal,
       e.id AS business_connection_id,
       e."user".id AS user_id,
       e.user_chat_id AS user_chat_id,
       instant(e.date) AS occurred_at,
       e.is_enabled AS is_enabled,
       CAST(event -> '$.rights' AS VARCHAR) AS rights
FROM opened
