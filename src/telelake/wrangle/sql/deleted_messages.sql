WITH opened AS (
    SELECT *, event_of_deleted_messages(event) AS e FROM events WHERE kind = 'deleted_business_messages'
)
SELECT context_date, bot_id, received_at, raw, ordinal,
       generate_subscripts(e.message_ids, 1) AS position,
       e.business_connection_id AS business_connection_id,
       chat_id,
       unnest(e.message_ids) AS message_id
FROM opened
