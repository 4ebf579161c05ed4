WITH opened AS (
    SELECT both_reaction_counts.*, merged_updates.update_id AS update_id
    FROM both_reaction_counts
    LEFT JOIN merged_updates
      ON merged_updates.context_date = both_reaction_counts.context_date AND merged_updates.raw = both_reaction_counts.raw
), chosen AS (
    SELECT *
    FROM opened
    QUALIFY dense_rank() OVER (
        PARTITION BY context_date, account_id, chat_id, message_id, occurred_at,
                     CASE WHEN chat_id IS NULL OR message_id IS NULL OR occurred_at IS NULL THEN concat_ws('/', raw, ordinal) END
        ORDER BY update_id DESC, received_at, raw, ordinal) = 1
)
SELECT * EXCLUDE (update_id)
         REPLACE (dense_rank() OVER (
             PARTITION BY context_date, account_id, chat_id, message_id
             ORDER BY occurred_at DESC NULLS LAST, update_id DESC, received_at, raw, ordinal) = 1 AS is_latest)
FROM chosen
