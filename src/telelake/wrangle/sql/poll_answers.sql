WITH opened AS (
    SELECT *, event_of_poll_answers(event) AS e FROM events WHERE kind = 'poll_answer'
)
SELECT context_date, bot_id, received_at, raw, ordinal,
       e.poll_id AS poll_id,
       e."user".id AS user_id,
       e.voter_chat.id AS voter_chat_id,
       CAST(e.option_ids AS VARCHAR[]) AS option_numbers,
       e.option_persistent_ids AS option_ids,
       len(e.option_ids) = 0 AS is_retracted,
       row_number() OVER (
           PARTITION BY context_date, bot_id, e.poll_id, e."user".id, e.voter_chat.id
           ORDER BY received_at DESC, update_id DESC, raw DESC, ordinal DESC) = 1 AS is_latest
FROM opened
