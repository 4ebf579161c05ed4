-- The latest state of each message that has late ones, from the side that it came from.
WITH counted AS (
    SELECT *, max(version) OVER (
               PARTITION BY context_date, account_id, chat_id, message_id, business_connection_id, ephemeral_message_id) AS versions
    FROM merged_message_versions
    WHERE chat_id IS NOT NULL AND message_id IS NOT NULL
)
SELECT both_messages.* REPLACE (counted.versions AS versions, counted.direction AS direction)
FROM both_messages
JOIN counted
  ON  counted.context_date = both_messages.context_date
  AND counted.account_id = both_messages.account_id
  AND counted.chat_id = both_messages.chat_id
  AND counted.message_id = both_messages.message_id
  AND counted.business_connection_id IS NOT DISTINCT FROM both_messages.business_connection_id
  AND counted.ephemeral_message_id IS NOT DISTINCT FROM both_messages.ephemeral_message_id
  AND counted.raw = both_messages.raw
WHERE counted.is_latest
UNION ALL BY NAME
SELECT * FROM both_messages WHERE chat_id IS NULL OR message_id IS NULL
