-- The states of a message that has late ones, numbered anew by the rules of `_states.sql`, as far as columns tell them: what
-- makes two states one is their words, their file, their place and how much is marked in them.
WITH touched AS (
    SELECT DISTINCT context_date, account_id, chat_id, message_id, business_connection_id, ephemeral_message_id
    FROM late_message_versions
    WHERE chat_id IS NOT NULL AND message_id IS NOT NULL
), seen AS (
    SELECT both_message_versions.*, touched.context_date IS NOT NULL AS is_touched, bot_id = 0 AS is_exported,
           -- A call that edits has no update, and is no export.
           update_id IS NULL AND bot_id <> 0 AND edited_at IS NOT NULL AS is_change
    FROM both_message_versions
    LEFT JOIN touched
      ON  touched.context_date = both_message_versions.context_date
      AND touched.account_id = both_message_versions.account_id
      AND touched.chat_id = both_message_versions.chat_id
      AND touched.message_id = both_message_versions.message_id
      AND touched.business_connection_id IS NOT DISTINCT FROM both_message_versions.business_connection_id
      AND touched.ephemeral_message_id IS NOT DISTINCT FROM both_message_versions.ephemeral_message_id
), told AS (
    SELECT *
    FROM seen
    WHERE is_touched
    QUALIFY NOT is_exported OR NOT bool_or(NOT is_exported) OVER (
        PARTITION BY context_date, account_id, chat_id, message_id, business_connection_id, ephemeral_message_id, edited_at)
), distinct_states AS (
    SELECT *
    FROM told
    QUALIFY row_number() OVER (
        PARTITION BY context_date, account_id, chat_id, message_id, business_connection_id, ephemeral_message_id, edited_at,
                     kind, text, caption, file_unique_id, latitude, longitude, entities, links, mentions, hashtags, commands
        ORDER BY direction DESC, received_at, raw, version) = 1
), numbered AS (
    SELECT * REPLACE (
               row_number() OVER (
                   PARTITION BY context_date, account_id, chat_id, message_id, business_connection_id, ephemeral_message_id
                   ORDER BY edited_at NULLS FIRST, update_id, received_at, raw, version) AS version,
               coalesce(CASE WHEN is_change THEN max(direction) FILTER (WHERE NOT is_change) OVER (
                   PARTITION BY context_date, account_id, chat_id, message_id, business_connection_id, ephemeral_message_id)
               END, direction) AS direction)
    FROM distinct_states
)
SELECT * EXCLUDE (is_touched, is_exported, is_change) FROM seen WHERE NOT is_touched
UNION ALL BY NAME
SELECT * EXCLUDE (is_touched, is_exported, is_change)
         REPLACE (version = max(version) OVER (
             PARTITION BY context_date, account_id, chat_id, message_id, business_connection_id, ephemeral_message_id) AS is_latest)
FROM numbered
