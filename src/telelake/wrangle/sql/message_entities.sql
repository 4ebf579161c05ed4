WITH marked AS (
    SELECT context_date, account_id, chat_id, message_id, business_connection_id, ephemeral_message_id,
           raw, sent_at, user_id, coalesce(text, caption) AS words, unnest(marks) AS mark, generate_subscripts(marks, 1) AS position
    FROM message_states
    WHERE is_latest AND entities > 0
)
SELECT * EXCLUDE (words, mark),
       mark.type AS type,
       mark."offset" AS offset_utf16,
       mark.length AS length_utf16,
       utf16_slice(words, mark."offset", mark.length) AS value,
       mark.url AS url,
       mark."user".id AS mentioned_user_id
FROM marked
WHERE mark IS NOT NULL
