-- What every insight counts from, said once. Made in each lake before it is locked, so `telelake sql` has them too.
-- `local_time(ts)` is made beside them: it needs the lake's time zone.

-- The chat's id, or that of the supergroup which a basic group became.
CREATE MACRO continuing_chat(id) AS
    coalesce((SELECT any_value(chats.continuing_chat_id) FROM chats WHERE chats.chat_id = id), id);

-- Messages that are no service messages, of the chosen days (inclusive), chat and ISO week ('2026-W10'); NULL chooses
-- all. `person_id` is null for bots and for what was sent in the name of a chat (channel posts, anonymous admins).
CREATE MACRO chosen_messages(first_day, last_day, in_chat, in_week) AS TABLE
    SELECT messages.context_date AS day,
           messages.sent_at,
           local_time(messages.sent_at) AS local_sent_at,
           coalesce(chats.continuing_chat_id, messages.chat_id) AS chat_id,
           messages.kind,
           messages.length,
           CASE WHEN NOT coalesce(messages.is_bot, false) AND messages.sender_chat_id IS NULL
                THEN messages.user_id END AS person_id
    FROM messages
    LEFT JOIN chats ON chats.chat_id = messages.chat_id
    WHERE NOT messages.is_service
      AND (first_day IS NULL OR messages.context_date >= CAST(first_day AS DATE))
      AND (last_day IS NULL OR messages.context_date <= CAST(last_day AS DATE))
      AND (in_week IS NULL OR strftime(messages.context_date, '%G-W%V') = in_week)
      AND (in_chat IS NULL
           OR coalesce(chats.continuing_chat_id, messages.chat_id) = continuing_chat(CAST(in_chat AS BIGINT)));

-- Those of them that have a time, by lake day and quarter of an hour on the local clock. A quarter is converted once, for all of its
-- messages: no zone is off from UTC by less since 1972, and to convert ten million times takes a second.
CREATE MACRO chosen_quarters(first_day, last_day, in_chat, in_week) AS TABLE
    SELECT day, local_time(to_timestamp(quarter * 900)) AS local_quarter, messages
    FROM (SELECT day, epoch_us(sent_at) // 900000000 AS quarter, count(*) AS messages
          FROM chosen_messages(first_day, last_day, in_chat, in_week)
          WHERE sent_at IS NOT NULL
          GROUP BY 1, 2);

-- Latest name of each person or bot: first and last name, else @username, else #id; the id is added when two share it.
-- A pseudonym (2^52 or more: no id of Telegram's is) is shown by its last six digits, if they are no other's.
CREATE MACRO people_names() AS TABLE
    SELECT user_id,
           CASE WHEN count(*) OVER (PARTITION BY name) > 1 AND (name NOT LIKE '#%' OR user_id >= 4503599627370496)
                THEN name || ' #' || user_id ELSE name END AS person
    FROM (SELECT user_id,
                 coalesce(nullif(trim(concat_ws(' ', first_name, last_name)), ''),
                          '@' || nullif(username, ''),
                          '#' || CASE WHEN user_id >= 4503599627370496 THEN user_id % 1000000 ELSE user_id END) AS name
          FROM users);

-- Every day from the first to the last.
CREATE MACRO days_between(first_day, last_day) AS TABLE
    SELECT CAST(unnest(generate_series(CAST(first_day AS TIMESTAMP), CAST(last_day AS TIMESTAMP), INTERVAL 1 DAY))
                AS DATE) AS day;
