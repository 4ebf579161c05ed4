-- Every state of every poll: in updates about it and in the messages that hold it, each as it was seen.
CREATE VIEW poll_states AS
WITH seen AS (
    SELECT context_date, bot_id, received_at, raw, ordinal, kind AS seen_in, CAST(NULL AS BIGINT) AS account_id,
           CAST(NULL AS BIGINT) AS chat_id, CAST(NULL AS BIGINT) AS message_id, CAST(NULL AS BIGINT) AS user_id,
           CAST(NULL AS TIMESTAMPTZ) AS sent_at, event AS poll
    FROM events
    WHERE kind = 'poll'
    UNION ALL
    SELECT context_date, bot_id, received_at, raw, ordinal, seen_in, account_id, chat_id, message_id, user_id, sent_at,
           facts -> '$.poll' AS poll
    FROM message_states
    WHERE facts IS NOT NULL AND kind = 'poll'
), opened AS (
    SELECT * EXCLUDE (poll), event_of_polls(poll) AS p, event_of_poll_options(poll) AS o FROM seen WHERE poll IS NOT NULL
)
SELECT *,
       row_number() OVER (
           PARTITION BY context_date, p.id, CASE WHEN p.id IS NULL THEN concat_ws('/', raw, ordinal) END
           ORDER BY received_at DESC, p.is_closed DESC, p.total_voter_count DESC, raw DESC, ordinal DESC) = 1 AS is_latest
FROM opened;
