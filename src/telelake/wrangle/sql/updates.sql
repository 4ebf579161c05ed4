SELECT context_date,
       bot_id,
       update_id,
       kind,
       chat_id,
       actor_id AS user_id,
       message_id,
       occurred_at,
       received_at,
       (epoch_us(received_at) - epoch_us(occurred_at)) / 1000000 AS delivery_lag_seconds,
       source,
       bytes,
       record_id AS raw,
       deliveries,
       extra,
       notes
FROM payloads
WHERE ordinal = 0
