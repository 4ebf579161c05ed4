SELECT * REPLACE (row_number() OVER (
           PARTITION BY context_date, poll_id, CASE WHEN poll_id IS NULL THEN concat_ws('/', raw, ordinal) END
           ORDER BY received_at DESC, is_closed DESC, voters DESC, raw DESC, ordinal DESC) = 1 AS is_latest)
FROM both_polls
WHERE NOT EXISTS (
    SELECT 1
    FROM unkept
    WHERE unkept.context_date = both_polls.context_date AND unkept.raw = both_polls.raw AND unkept.message_id = both_polls.message_id)
