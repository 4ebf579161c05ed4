WITH opened AS (
    SELECT both_poll_answers.*, merged_updates.update_id AS update_id
    FROM both_poll_answers
    LEFT JOIN merged_updates
      ON merged_updates.context_date = both_poll_answers.context_date AND merged_updates.raw = both_poll_answers.raw
)
SELECT * EXCLUDE (update_id)
         REPLACE (row_number() OVER (
             PARTITION BY context_date, bot_id, poll_id, user_id, voter_chat_id
             ORDER BY received_at DESC, update_id DESC, raw DESC, ordinal DESC) = 1 AS is_latest)
FROM opened
