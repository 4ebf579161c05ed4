SELECT context_date,
       bot_id,
       update_id,
       kind,
       chat_id,
       actor_id AS user_id,
       message_id,
       occurred_at,
       received_at,
       round(epoch(received_at) - epoch(occurred_at), 6) AS delivery_lag_seconds,
       source,
       bytes,
       record_id AS raw,
       deliveries,
       extra,
       notes
FROM payloads
WHERE ordinal = 0
