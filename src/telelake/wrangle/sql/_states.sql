-- The states of the messages that were seen more than once, numbered. Two bots in one group see the same state, which
-- is one row, that of the sender if it is ours, else that of the first receipt; the others are not `kept`. Any other message has one state and no row here.
-- What an export holds is not `kept` where the same edit of the message, or its original, was seen live: that says more.
WITH payload AS (
    SELECT rid, context_date, received_at, record_id, ordinal, update_id, account_id, chat_id, message_id,
           business_connection_id, ephemeral_message_id, edited_at, direction, kind = 'export_message' AS is_exported,
           kind IS NOT DISTINCT FROM 'changed_message' AS is_change
    FROM payloads
    WHERE is_message
), crowd AS (
    -- Nearly every message has one state; only the others are worth a sort.
    SELECT context_date, account_id, chat_id, message_id, business_connection_id, ephemeral_message_id
    FROM payload
    WHERE chat_id IS NOT NULL AND message_id IS NOT NULL
    GROUP BY ALL
    HAVING count(*) > 1
), crowded AS (
    SELECT payload.*,
           md5(concat_ws(chr(31), p.message_kind, p.text, p.caption, as_words(p.marks),
                         file_of(p.media).file_unique_id, p.latitude, p.longitude)) AS content
    FROM payload
    JOIN crowd
      ON  crowd.context_date = payload.context_date
      AND crowd.account_id = payload.account_id
      AND crowd.chat_id = payload.chat_id
      AND crowd.message_id = payload.message_id
      AND crowd.business_connection_id IS NOT DISTINCT FROM payload.business_connection_id
      AND crowd.ephemeral_message_id IS NOT DISTINCT FROM payload.ephemeral_message_id
    JOIN payloads AS p ON p.rid = payload.rid
), told AS (
    SELECT *
    FROM crowded
    WHERE NOT is_exported
       OR NOT EXISTS (
              SELECT 1
              FROM crowded AS live
              WHERE NOT live.is_exported
                AND live.context_date = crowded.context_date
                AND live.account_id = crowded.account_id
                AND live.chat_id = crowded.chat_id
                AND live.message_id = crowded.message_id
                AND live.business_connection_id IS NOT DISTINCT FROM crowded.business_connection_id
                AND live.ephemeral_message_id IS NOT DISTINCT FROM crowded.ephemeral_message_id
                AND live.edited_at IS NOT DISTINCT FROM crowded.edited_at)
), distinct_states AS (
    SELECT *
    FROM told
    QUALIFY row_number() OVER (
        PARTITION BY context_date, account_id, chat_id, message_id, business_connection_id, ephemeral_message_id,
                     edited_at, content
        ORDER BY direction DESC, received_at, record_id, ordinal) = 1
), numbered AS (
    SELECT rid,
           row_number() OVER (
               PARTITION BY context_date, account_id, chat_id, message_id, business_connection_id, ephemeral_message_id
               ORDER BY edited_at NULLS FIRST, update_id, received_at, record_id, ordinal) AS version,
           count(*) OVER (
               PARTITION BY context_date, account_id, chat_id, message_id, business_connection_id, ephemeral_message_id
           ) AS versions,
           -- A bot may edit what others posted in a channel: that remains theirs.
           CASE WHEN is_change THEN max(direction) FILTER (WHERE NOT is_change) OVER (
               PARTITION BY context_date, account_id, chat_id, message_id, business_connection_id, ephemeral_message_id
           ) END AS told_direction
    FROM distinct_states
)
SELECT crowded.rid, version, versions, version IS NOT NULL AS kept, told_direction
FROM crowded
LEFT JOIN numbered ON numbered.rid = crowded.rid
