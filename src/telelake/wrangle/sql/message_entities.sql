WITH marked AS (
    SELECT context_date, account_id, chat_id, message_id, business_connection_id, ephemeral_message_id,
           raw, sent_at, user_id, coalesce(text, caption) AS words, unnest(marks) AS mark, generate_subscripts(marks, 1) AS position
    FROM message_states
    WHERE is_latest AND entities > 0
), cut AS (
    SELECT *, utf16_slice(words, mark."offset", mark.length) AS value
    FROM marked
    WHERE mark IS NOT NULL
)
SELECT * EXCLUDE (words, mark, value),
       mark.type AS type,
       mark."offset" AS offset_utf16,
       mark.length AS length_utf16,
       value,
       mark.url AS url,
       mark."user".id AS mentioned_user_id,
       CASE WHEN mark.type = 'bot_command' THEN nullif(lower(regexp_extract(value, '^/([^@]+)', 1)), '') END AS command,
       CASE WHEN mark.type = 'bot_command' AND contains(value, '@') THEN regexp_extract(value, '@(.+)$', 1) END AS command_target,
       CASE WHEN mark.type = 'bot_command' AND value IS NOT NULL
            THEN nullif(trim(utf16_rest(words, mark."offset" + mark.length)), '') END AS arguments,
       CASE WHEN mark.type IN ('url', 'text_link')
            THEN nullif(regexp_extract(lower(coalesce(mark.url, value)), '^(?:[a-z][a-z0-9+.-]*://)?(?:[^/@?#]*@)?(?:www\.)?([^/:?#\s]+)', 1), '')
       END AS domain
FROM cut
