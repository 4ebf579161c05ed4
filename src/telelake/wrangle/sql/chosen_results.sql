WITH opened AS (
    SELECT *, event_of_chosen_results(event) AS e FROM events WHERE kind = 'chosen_inline_result'
)
SELECT context_date, bot_id, received_at, raw, ordinal,
       e.result_id AS result_id,
       e."from".id AS user_id,
       e.query AS query,
       e.inline_message_id AS inline_message_id,
       e.location.latitude AS latitude,
       e.location.longitude AS longitude
FROM opened
