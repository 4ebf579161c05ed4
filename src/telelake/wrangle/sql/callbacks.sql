WITH opened AS (
    SELECT *, event_of_callbacks(event) AS e FROM events WHERE kind = 'callback_query'
)
SELECT context_date, bot_id, received_at, raw, ordinal,
       e.id AS callback_id,
       e."from".id AS user_id,
       account_id,
       e.message.chat.id AS chat_id,
       e.message.message_id AS message_id,
       e.message.message_thread_id AS thread_id,
       instant(e.message.date) AS message_sent_at,
       coalesce(e.message.text, e.message.caption) AS message_text,
       e.inline_message_id AS inline_message_id,
       e.chat_instance AS chat_instance,
       e.data AS data,
       e.game_short_name AS game
FROM opened
