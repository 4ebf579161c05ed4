-- What every insight counts from, said once. Made in each lake before it is locked, so `telelake sql` has them too.
-- `local_time(ts)` is made beside them: it needs the lake's time zone.

-- The chat's id, or that of the supergroup which a basic group became.
CREATE MACRO continuing_chat(id) AS
    coalesce((SELECT any_value(chats.continuing_chat_id) FROM chats WHERE chats.chat_id = id), id);

-- All chats that are one with it. Who filters by them reads only the parts of a table that have them.
CREATE MACRO chats_of(id) AS TABLE
    SELECT chats.chat_id FROM chats WHERE chats.continuing_chat_id = continuing_chat(CAST(id AS BIGINT))
    UNION ALL
    SELECT continuing_chat(CAST(id AS BIGINT)) AS chat_id;  -- also of a chat that was never seen

-- The filters, each said once. A NULL filters nothing. Days are those of the lake, both ends included; a week is ISO's
-- ('2026-W10'), a weekday 1 for Monday to 7, an hour 0 to 23 by the local clock, a chat already followed through its migration.
CREATE MACRO is_chosen_day(of_day, first_day, last_day, in_week, on_weekday) AS
    (first_day IS NULL OR of_day >= CAST(first_day AS DATE))
    AND (last_day IS NULL OR of_day <= CAST(last_day AS DATE))
    AND (in_week IS NULL OR strftime(of_day, '%G-W%V') = in_week)
    AND (on_weekday IS NULL OR isodow(of_day) = on_weekday);

CREATE MACRO is_chosen_hour(of_hour, at_hour) AS at_hour IS NULL OR of_hour = at_hour;

CREATE MACRO is_chosen_chat(of_chat, in_chat) AS in_chat IS NULL OR of_chat = continuing_chat(CAST(in_chat AS BIGINT));

-- Bots' own messages; an anonymous admin is no bot, though Telegram names a bot as the sender. As `chat_hours` has it.
CREATE MACRO is_of_bot(bot, in_name_of, way) AS coalesce(bot AND in_name_of IS NULL, false) OR way = 'out';

-- Of people, with channels and anonymous admins: attendants are those persons whom `attendants` has, customers the other persons.
CREATE MACRO is_chosen_sender(of_bot, person, attendant, by_whom) AS
    by_whom IS NULL OR by_whom = 'everyone'
    OR (by_whom = 'bots' AND of_bot) OR (by_whom = 'people' AND NOT of_bot)
    OR (by_whom = 'attendants' AND NOT of_bot AND attendant IS NOT NULL)
    OR (by_whom = 'customers' AND NOT of_bot AND attendant IS NULL AND person IS NOT NULL);

-- Whether to know who is an attendant is needed at all.
CREATE MACRO parts_people(by_whom) AS coalesce(by_whom, 'everyone') IN ('customers', 'attendants');

-- Questions with their topic (null: of none). The dashboard has it written down beforehand (`telelake.present.quick`).
CREATE MACRO asked() AS TABLE
    SELECT questions.context_date, questions.question_id, questions.account_id, questions.chat_id, questions.message_id,
           questions.conversation_id, questions.user_id, questions.asked_at, questions.local_hour, questions.text,
           questions.answered_at, questions.answered_by, questions.answer_user_id, questions.answer_message_id,
           questions.answer_seconds, questions.bot_answer_seconds, questions.human_answer_seconds, questions.sla_breached,
           questions.outcome, questions.outcome_rule, questions.repeats_message_id,
           found.topic_id, found.topic_name AS topic
    FROM questions
    LEFT JOIN question_topics AS found ON found.context_date = questions.context_date AND found.question_id = questions.question_id;

-- What persons wrote, service messages left out: a row is a message, or in the dashboard's copy all messages of an hour. So add up `messages`.
CREATE MACRO voices() AS TABLE
    SELECT messages.context_date, messages.local_hour, messages.chat_id, messages.user_id AS person_id,
           is_of_bot(messages.is_bot, messages.sender_chat_id, messages.direction) AS is_bots,
           1 AS messages,
           coalesce(messages.length, 0) AS characters,
           CASE WHEN messages.length > 0 THEN 1 ELSE 0 END AS texts
    FROM messages
    WHERE NOT messages.is_service AND NOT coalesce(messages.is_bot, false)
      AND messages.sender_chat_id IS NULL AND messages.user_id IS NOT NULL;

-- Who gave some question's first answer as an attendant: named in the settings, an admin, or learned (docs/insights/questions.md).
CREATE MACRO attendants(by_whom) AS TABLE
    SELECT DISTINCT answer_user_id AS attendant_id
    FROM asked()
    WHERE answered_by = 'attendant' AND answer_user_id IS NOT NULL AND parts_people(by_whom);

-- Messages that are no service messages. `person_id` is null for bots and for what was sent in the name of a chat
-- (channel posts, anonymous admins); (account_id, posted_chat_id, message_id) is one message.
CREATE MACRO chosen_messages(first_day, last_day, in_chat, in_week, by_whom := NULL, at_hour := NULL, on_weekday := NULL) AS TABLE
    SELECT messages.context_date AS day,
           messages.local_hour AS hour,
           isodow(messages.context_date) AS weekday,
           messages.sent_at,
           local_time(messages.sent_at) AS local_sent_at,
           coalesce(chats.continuing_chat_id, messages.chat_id) AS chat_id,
           messages.chat_id AS posted_chat_id,
           messages.account_id,
           messages.message_id,
           messages.kind,
           messages.length,
           coalesce(messages.text, messages.caption) AS words,
           is_of_bot(messages.is_bot, messages.sender_chat_id, messages.direction) AS is_bots,
           messages.user_id,
           CASE WHEN NOT coalesce(messages.is_bot, false) AND messages.sender_chat_id IS NULL
                THEN messages.user_id END AS person_id,
           messages.reply_to_message_id,
           messages.reply_to_user_id
    FROM messages
    LEFT JOIN chats ON chats.chat_id = messages.chat_id
    LEFT JOIN attendants(by_whom) AS staff ON staff.attendant_id = messages.user_id
    WHERE NOT messages.is_service
      AND is_chosen_day(messages.context_date, first_day, last_day, in_week, on_weekday)
      AND is_chosen_hour(messages.local_hour, at_hour)
      AND is_chosen_chat(coalesce(chats.continuing_chat_id, messages.chat_id), in_chat)
      AND is_chosen_sender(is_of_bot(messages.is_bot, messages.sender_chat_id, messages.direction),
                           CASE WHEN NOT coalesce(messages.is_bot, false) AND messages.sender_chat_id IS NULL
                                THEN messages.user_id END,
                           staff.attendant_id, by_whom);

-- Those of persons, to be added up: `messages` is how many a row stands for, `texts` how many of them have a text.
CREATE MACRO chosen_voices(first_day, last_day, in_chat, in_week, by_whom, at_hour, on_weekday) AS TABLE
    SELECT said.context_date AS day,
           said.local_hour AS hour,
           coalesce(chats.continuing_chat_id, said.chat_id) AS chat_id,
           said.person_id, said.is_bots, said.messages, said.characters, said.texts
    FROM voices() AS said
    LEFT JOIN chats ON chats.chat_id = said.chat_id
    LEFT JOIN attendants(by_whom) AS staff ON staff.attendant_id = said.person_id
    WHERE is_chosen_day(said.context_date, first_day, last_day, in_week, on_weekday)
      AND is_chosen_hour(said.local_hour, at_hour)
      AND is_chosen_sender(said.is_bots, said.person_id, staff.attendant_id, by_whom)
      AND in_chat IS NULL
    UNION ALL
    SELECT said.context_date, said.local_hour, continuing_chat(CAST(in_chat AS BIGINT)),
           said.person_id, said.is_bots, said.messages, said.characters, said.texts
    FROM voices() AS said
    LEFT JOIN attendants(by_whom) AS staff ON staff.attendant_id = said.person_id
    WHERE is_chosen_day(said.context_date, first_day, last_day, in_week, on_weekday)
      AND is_chosen_hour(said.local_hour, at_hour)
      AND is_chosen_sender(said.is_bots, said.person_id, staff.attendant_id, by_whom)
      AND in_chat IS NOT NULL AND said.chat_id IN (SELECT chat_id FROM chats_of(in_chat));

-- The same messages, counted by chat and local hour beforehand: what needs no more is a hundred times as quick here.
CREATE MACRO chosen_hours(first_day, last_day, in_chat, in_week, by_whom, at_hour, on_weekday) AS TABLE
    SELECT chat_hours.context_date AS day,
           chat_hours.local_hour AS hour,
           isodow(chat_hours.context_date) AS weekday,
           coalesce(chats.continuing_chat_id, chat_hours.chat_id) AS chat_id,
           CASE by_whom WHEN 'people' THEN chat_hours.people_messages
                        WHEN 'bots' THEN chat_hours.bot_messages
                        ELSE chat_hours.messages END AS messages,
           chat_hours.people_messages,
           chat_hours.bot_messages
    FROM chat_hours
    LEFT JOIN chats ON chats.chat_id = chat_hours.chat_id
    WHERE is_chosen_day(chat_hours.context_date, first_day, last_day, in_week, on_weekday)
      AND is_chosen_hour(chat_hours.local_hour, at_hour)
      AND in_chat IS NULL AND NOT parts_people(by_whom)
    UNION ALL
    SELECT chat_hours.context_date, chat_hours.local_hour, isodow(chat_hours.context_date), continuing_chat(CAST(in_chat AS BIGINT)),
           CASE by_whom WHEN 'people' THEN chat_hours.people_messages
                        WHEN 'bots' THEN chat_hours.bot_messages
                        ELSE chat_hours.messages END,
           chat_hours.people_messages, chat_hours.bot_messages
    FROM chat_hours
    WHERE is_chosen_day(chat_hours.context_date, first_day, last_day, in_week, on_weekday)
      AND is_chosen_hour(chat_hours.local_hour, at_hour)
      AND in_chat IS NOT NULL AND NOT parts_people(by_whom)
      AND chat_hours.chat_id IN (SELECT chat_id FROM chats_of(in_chat))
    UNION ALL  -- a chat's hour does not tell customers from attendants
    SELECT day, hour, isodow(day), chat_id, messages, messages, 0
    FROM chosen_voices(first_day, last_day, in_chat, in_week, by_whom, at_hour, on_weekday)
    WHERE parts_people(by_whom);

-- Messages by day and hour alone. The dashboard has them added up over all chats beforehand.
CREATE MACRO hours() AS TABLE
    SELECT context_date, local_hour, messages, people_messages, bot_messages FROM chat_hours;

-- As `chosen_hours`, for those who need no chat.
CREATE MACRO chosen_times(first_day, last_day, in_chat, in_week, by_whom, at_hour, on_weekday) AS TABLE
    SELECT times.context_date AS day,
           times.local_hour AS hour,
           isodow(times.context_date) AS weekday,
           CASE by_whom WHEN 'people' THEN times.people_messages
                        WHEN 'bots' THEN times.bot_messages
                        ELSE times.messages END AS messages,
           times.people_messages,
           times.bot_messages
    FROM hours() AS times
    WHERE is_chosen_day(times.context_date, first_day, last_day, in_week, on_weekday)
      AND is_chosen_hour(times.local_hour, at_hour)
      AND in_chat IS NULL AND NOT parts_people(by_whom)
    UNION ALL
    SELECT day, hour, weekday, messages, people_messages, bot_messages
    FROM chosen_hours(first_day, last_day, in_chat, in_week, by_whom, at_hour, on_weekday)
    WHERE in_chat IS NOT NULL OR parts_people(by_whom);

-- Parts of messages that Telegram marked: hashtags, links, commands, …; with the sender's kind.
CREATE MACRO chosen_entities(first_day, last_day, in_chat, in_week, by_whom, at_hour, on_weekday) AS TABLE
    SELECT chosen.*, parts.type, parts.value, parts.url, parts.command, parts.arguments, parts.domain
    FROM chosen_messages(first_day, last_day, in_chat, in_week, by_whom, at_hour, on_weekday) AS chosen
    JOIN message_entities AS parts ON parts.context_date = chosen.day AND parts.account_id = chosen.account_id
         AND parts.chat_id = chosen.posted_chat_id AND parts.message_id = chosen.message_id;

-- Chats in which some message of a bot is in the lake. In others a bot may answer all, unseen: nothing is said of it.
CREATE MACRO chats_with_bots() AS TABLE
    SELECT DISTINCT coalesce(chats.continuing_chat_id, chat_hours.chat_id) AS chat_id
    FROM chat_hours
    LEFT JOIN chats ON chats.chat_id = chat_hours.chat_id
    WHERE chat_hours.bot_messages > 0;

-- Questions, with their topic (null: of none), by the day and hour at which they were asked.
CREATE MACRO chosen_questions(first_day, last_day, in_chat, in_week, in_topic, at_hour, on_weekday) AS TABLE
    SELECT questions.context_date AS day,
           questions.local_hour AS hour,
           isodow(questions.context_date) AS weekday,
           questions.asked_at,
           coalesce(chats.continuing_chat_id, questions.chat_id) AS chat_id,
           questions.chat_id AS posted_chat_id,
           questions.account_id,
           questions.message_id,
           questions.question_id,
           questions.user_id,
           questions.text AS words,
           questions.conversation_id,
           questions.topic_id,
           questions.topic,
           questions.answered_at,
           questions.answered_by,
           questions.answer_user_id,
           questions.answer_message_id,
           questions.answer_seconds,
           questions.bot_answer_seconds,
           questions.human_answer_seconds,
           questions.sla_breached,
           questions.outcome,
           questions.outcome_rule,
           questions.repeats_message_id,
           seen.chat_id IS NOT NULL AS is_seen
    FROM asked() AS questions
    LEFT JOIN chats ON chats.chat_id = questions.chat_id
    LEFT JOIN chats_with_bots() AS seen ON seen.chat_id = coalesce(chats.continuing_chat_id, questions.chat_id)
    WHERE is_chosen_day(questions.context_date, first_day, last_day, in_week, on_weekday)
      AND is_chosen_hour(questions.local_hour, at_hour)
      AND is_chosen_chat(coalesce(chats.continuing_chat_id, questions.chat_id), in_chat)
      AND (in_topic IS NULL OR questions.topic_id = in_topic);

-- Conversations, by the day and hour at which they began.
CREATE MACRO chosen_conversations(first_day, last_day, in_chat, in_week, at_hour, on_weekday) AS TABLE
    SELECT talks.context_date AS day,
           hour(local_time(talks.began_at)) AS hour,
           coalesce(chats.continuing_chat_id, talks.chat_id) AS chat_id,
           talks.conversation_id, talks.began_at, talks.ended_at, talks.messages, talks.people, talks.questions,
           date_diff('second', talks.began_at, talks.ended_at) AS seconds,
           talks.handed_over, talks.outcome
    FROM conversations AS talks
    LEFT JOIN chats ON chats.chat_id = talks.chat_id
    WHERE is_chosen_day(talks.context_date, first_day, last_day, in_week, on_weekday)
      AND is_chosen_hour(hour(local_time(talks.began_at)), at_hour)
      AND is_chosen_chat(coalesce(chats.continuing_chat_id, talks.chat_id), in_chat);

-- What support is measured by, over chosen_questions; each is null when nothing was asked.
CREATE MACRO share_of(condition) AS round(count(*) FILTER (WHERE condition) / nullif(count(*), 0), 4);
-- Nobody answered it, and nobody marked it as solved; whether or not a human was asked for. Every other question is answered.
CREATE MACRO is_unanswered(by_whom, how_it_ended) AS
    coalesce(how_it_ended = 'unanswered', false)
    OR (by_whom IS NULL AND coalesce(how_it_ended NOT IN ('confirmed', 'assumed'), true));
-- Outcomes of which each question has one; 'unanswered' are just those that `is_unanswered`.
CREATE MACRO ending(by_whom, how_it_ended) AS
    CASE WHEN is_unanswered(by_whom, how_it_ended) THEN 'unanswered' ELSE coalesce(how_it_ended, 'open') END;
-- What bots did, of questions whose chat shows it; null where none does: "0" would say that the bot did nothing.
CREATE MACRO seen_count(condition, is_seen) AS
    CASE WHEN count(*) FILTER (WHERE is_seen) > 0 OR count(*) = 0 THEN count(*) FILTER (WHERE condition) END;
CREATE MACRO seen_share(condition, is_seen) AS
    round(count(*) FILTER (WHERE condition AND is_seen) / nullif(count(*) FILTER (WHERE is_seen), 0), 4);
-- The share that got an answer; null where none is seen and a bot may have given all of them, unseen.
CREATE MACRO answered_share(by_whom, how_it_ended, is_seen) AS
    CASE WHEN count(*) FILTER (WHERE is_seen OR by_whom IS NOT NULL) > 0
         THEN round(count(*) FILTER (WHERE NOT is_unanswered(by_whom, how_it_ended)) / count(*), 4) END;
-- The smallest value that so large a part of all values does not exceed: one that occurred, nothing interpolated.
CREATE MACRO within(seconds, part) AS quantile_disc(seconds, part);
-- Null where no SLA is set (or none can be judged yet): "0" would say that it is kept.
CREATE MACRO breaches(breached) AS CASE WHEN count(breached) > 0 THEN count(*) FILTER (WHERE breached) END;
-- By the bot alone, and not undone: nobody else was needed, and the person did not come back.
CREATE MACRO is_solved_by_bot(by_whom, human_seconds, how_it_ended) AS
    coalesce(by_whom = 'bot' AND human_seconds IS NULL AND how_it_ended IN ('confirmed', 'assumed'), false);
-- The bot answered, then a person took over or was asked for.
CREATE MACRO is_handed_over(bot_seconds, human_seconds, how_it_ended) AS
    coalesce(bot_seconds IS NOT NULL AND (how_it_ended = 'escalated' OR human_seconds > bot_seconds), false);

-- Calls to the Bot API. Their days are those of the messages that they made; hours those of the call.
CREATE MACRO chosen_calls(first_day, last_day, in_chat, in_week, at_hour, on_weekday) AS TABLE
    SELECT calls.context_date AS day,
           hour(local_time(calls.started_at)) AS hour,
           isodow(calls.context_date) AS weekday,
           coalesce(chats.continuing_chat_id, calls.chat_id) AS chat_id,
           calls.started_at, calls.method, calls.seconds, calls.ok, calls.error_code, calls.description,
           calls.retry_after_seconds, calls.message_id
    FROM calls
    LEFT JOIN chats ON chats.chat_id = calls.chat_id
    WHERE is_chosen_day(calls.context_date, first_day, last_day, in_week, on_weekday)
      AND is_chosen_hour(hour(local_time(calls.started_at)), at_hour)
      AND is_chosen_chat(coalesce(chats.continuing_chat_id, calls.chat_id), in_chat);

-- Updates of every kind but an export's messages, which nobody delivered.
CREATE MACRO chosen_updates(first_day, last_day, in_chat, in_week, at_hour, on_weekday) AS TABLE
    SELECT updates.context_date AS day,
           hour(local_time(updates.received_at)) AS hour,
           isodow(updates.context_date) AS weekday,
           coalesce(chats.continuing_chat_id, updates.chat_id) AS chat_id,
           updates.bot_id, updates.update_id, updates.kind, updates.occurred_at, updates.received_at,
           updates.delivery_lag_seconds, updates.source, updates.deliveries, updates.message_id, updates.user_id
    FROM updates
    LEFT JOIN chats ON chats.chat_id = updates.chat_id
    WHERE updates.source <> 'import'
      AND is_chosen_day(updates.context_date, first_day, last_day, in_week, on_weekday)
      AND is_chosen_hour(hour(local_time(updates.received_at)), at_hour)
      AND is_chosen_chat(coalesce(chats.continuing_chat_id, updates.chat_id), in_chat);

-- Presses of our bots' buttons.
CREATE MACRO chosen_presses(first_day, last_day, in_chat, in_week, at_hour, on_weekday) AS TABLE
    SELECT callbacks.context_date AS day,
           hour(local_time(callbacks.received_at)) AS hour,
           isodow(callbacks.context_date) AS weekday,
           coalesce(chats.continuing_chat_id, callbacks.chat_id) AS chat_id,
           callbacks.received_at, callbacks.user_id, callbacks.message_id, callbacks.message_text AS words,
           coalesce(callbacks.data, callbacks.game) AS button
    FROM callbacks
    LEFT JOIN chats ON chats.chat_id = callbacks.chat_id
    WHERE is_chosen_day(callbacks.context_date, first_day, last_day, in_week, on_weekday)
      AND is_chosen_hour(hour(local_time(callbacks.received_at)), at_hour)
      AND is_chosen_chat(coalesce(chats.continuing_chat_id, callbacks.chat_id), in_chat);

-- Changes of people's places in chats; those of bots are left out.
CREATE MACRO chosen_memberships(first_day, last_day, in_chat, in_week, at_hour, on_weekday) AS TABLE
    SELECT memberships.context_date AS day,
           hour(local_time(memberships.occurred_at)) AS hour,
           isodow(memberships.context_date) AS weekday,
           coalesce(chats.continuing_chat_id, memberships.chat_id) AS chat_id,
           memberships.occurred_at, memberships.user_id, memberships.user_name, memberships.change, memberships.actor_id
    FROM memberships
    LEFT JOIN chats ON chats.chat_id = memberships.chat_id
    WHERE NOT coalesce(memberships.is_bot, false)
      AND is_chosen_day(memberships.context_date, first_day, last_day, in_week, on_weekday)
      AND is_chosen_hour(hour(local_time(memberships.occurred_at)), at_hour)
      AND is_chosen_chat(coalesce(chats.continuing_chat_id, memberships.chat_id), in_chat);

-- Where the period of a lake day and local hour begins, and its name; the ISO week belongs to the year of its Thursday.
CREATE MACRO period_of(of_day, of_hour, grain) AS
    CAST(CASE grain WHEN 'hour' THEN CAST(of_day AS TIMESTAMP) + of_hour * INTERVAL 1 HOUR
                    WHEN 'week' THEN date_trunc('week', CAST(of_day AS TIMESTAMP))
                    WHEN 'month' THEN date_trunc('month', CAST(of_day AS TIMESTAMP))
                    ELSE CAST(of_day AS TIMESTAMP) END AS TIMESTAMP);

CREATE MACRO period_name(period, grain) AS
    CASE grain WHEN 'hour' THEN strftime(period, '%Y-%m-%d %H:00')
               WHEN 'week' THEN strftime(period, '%G-W%V')
               WHEN 'month' THEN strftime(period, '%Y-%m')
               ELSE strftime(period, '%Y-%m-%d') END;

-- A text without case and accents, so that 'Não', 'nao' and 'NÃO' are one.
CREATE MACRO folded(words) AS strip_accents(lower(words));

-- Those of chosen_messages that have a time, by lake day and quarter of an hour on the local clock. A quarter is converted once, for all of its
-- messages: no zone is off from UTC by less since 1972, and to convert ten million times takes a second.
-- No insight reads it any more; SQL that people saved does.
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

-- Every period from that of the first day to that of the last.
CREATE MACRO periods_between(first_day, last_day, grain) AS TABLE
    SELECT DISTINCT period_of(days.day, hours.hour, grain) AS period
    FROM days_between(first_day, last_day) AS days
    CROSS JOIN range(24) AS hours(hour);

-- How many periods of a grain lie between two beginnings.
CREATE MACRO periods_apart(earlier, later, grain) AS
    CASE grain WHEN 'hour' THEN date_diff('hour', earlier, later)
               WHEN 'week' THEN CAST(date_diff('day', earlier, later) / 7 AS BIGINT)
               WHEN 'month' THEN date_diff('month', earlier, later)
               ELSE date_diff('day', earlier, later) END;

-- How long a first answer took, in five buckets and '6' for none.
CREATE MACRO response_bucket(seconds) AS
    CASE WHEN seconds IS NULL THEN '6'
         WHEN seconds < 3600 THEN '1'
         WHEN seconds < 14400 THEN '2'
         WHEN seconds < 28800 THEN '3'
         WHEN seconds < 86400 THEN '4'
         ELSE '5' END;

-- The same of a question, where none means that it is unanswered.
CREATE MACRO answer_bucket(seconds, by_whom, how_it_ended) AS
    response_bucket(CASE WHEN NOT is_unanswered(by_whom, how_it_ended) THEN seconds END);

-- The words of a text in lower case: runs of letters. Addresses of links are taken out first.
CREATE MACRO words_of(words) AS
    regexp_extract_all(lower(CASE WHEN strpos(words, '://') > 0 OR strpos(words, 'www.') > 0
                                  THEN regexp_replace(words, '(https?://|www[.])\S+', ' ', 'g') ELSE words END),
                       '[\p{L}\p{M}]+');

-- The emoji of a text: a flag is two letters; a tone belongs to what it colours, and a joiner ties several into one.
-- The variation selector (chr 65039) and the joiner (chr 8205) cannot be seen, so they are not written out.
CREATE MACRO emoji_of(words) AS
    regexp_extract_all(words, '[' || chr(127462) || '-' || chr(127487) || ']{2}|[☀-➿⭐⭕' || chr(127744) || '-' || chr(129784) || '][' || chr(65039) || chr(127995) || '-' || chr(127999) || ']*(?:' || chr(8205) || '[☀-➿' || chr(127744) || '-' || chr(129784) || ']['
                              || chr(65039) || chr(127995) || '-' || chr(127999) || ']*)*');

CREATE MACRO has_words(text, words) AS strpos(folded(text), folded(words)) > 0;

-- A text by which two that differ in case, accents and spaces are one.
CREATE MACRO plain_words(words) AS trim(regexp_replace(folded(words), '\s+', ' ', 'g'));

-- Frequent words that say nothing by themselves, Portuguese then English, and what is left of links.
CREATE MACRO stop_words() AS TABLE
    SELECT word FROM (VALUES
        ('a'), ('à'), ('ao'), ('aos'), ('as'), ('às'), ('até'), ('com'), ('como'), ('da'), ('das'), ('de'), ('dela'),
        ('dele'), ('deles'), ('depois'), ('do'), ('dos'), ('e'), ('é'), ('ela'), ('elas'), ('ele'), ('eles'), ('em'),
        ('entre'), ('era'), ('eram'), ('essa'), ('essas'), ('esse'), ('esses'), ('esta'), ('está'), ('estão'),
        ('estas'), ('estava'), ('este'), ('estes'), ('eu'), ('foi'), ('for'), ('foram'), ('há'), ('isso'), ('isto'),
        ('já'), ('la'), ('lá'), ('lhe'), ('mais'), ('mas'), ('me'), ('mesmo'), ('meu'), ('meus'), ('minha'),
        ('minhas'), ('muito'), ('na'), ('não'), ('nao'), ('nas'), ('nem'), ('no'), ('nos'), ('nós'), ('nossa'),
        ('nosso'), ('num'), ('numa'), ('o'), ('os'), ('ou'), ('para'), ('pela'), ('pelas'), ('pelo'), ('pelos'),
        ('por'), ('porque'), ('pra'), ('pro'), ('quando'), ('que'), ('quem'), ('se'), ('sem'), ('ser'), ('será'),
        ('seu'), ('seus'), ('só'), ('sou'), ('sua'), ('suas'), ('também'), ('tb'), ('te'), ('tem'), ('têm'),
        ('tenho'), ('ter'), ('teu'), ('teve'), ('tinha'), ('tu'), ('tua'), ('um'), ('uma'), ('umas'), ('uns'),
        ('vai'), ('vão'), ('vc'), ('vcs'), ('você'), ('vocês'), ('vou'), ('ai'), ('aí'), ('aqui'), ('ali'), ('assim'),
        ('então'), ('ne'), ('né'), ('oi'), ('ola'), ('olá'), ('ok'), ('sim'), ('bem'), ('bom'), ('boa'), ('dia'),
        ('tarde'), ('noite'), ('gente'), ('pois'), ('tá'), ('to'), ('tô'), ('sobre'), ('ainda'), ('agora'), ('fazer'),
        ('faz'), ('ver'), ('cada'), ('onde'), ('qual'), ('quais'), ('an'), ('and'), ('are'), ('been'), ('but'),
        ('by'), ('can'), ('could'), ('did'), ('does'), ('from'), ('had'), ('has'), ('have'), ('he'), ('her'),
        ('here'), ('him'), ('his'), ('how'), ('if'), ('in'), ('into'), ('is'), ('it'), ('its'), ('just'), ('like'),
        ('my'), ('not'), ('of'), ('off'), ('on'), ('one'), ('or'), ('our'), ('out'), ('she'), ('so'), ('some'),
        ('than'), ('that'), ('the'), ('their'), ('them'), ('then'), ('there'), ('these'), ('they'), ('this'),
        ('those'), ('through'), ('too'), ('us'), ('was'), ('we'), ('were'), ('what'), ('when'), ('where'), ('which'),
        ('who'), ('why'), ('will'), ('with'), ('would'), ('you'), ('your'), ('yes'), ('hi'), ('hello'), ('please'),
        ('thanks'), ('thank'), ('be'), ('at'), ('am'), ('get'), ('got'), ('http'), ('https'), ('www'), ('br'),
        ('org'), ('net'), ('html')
    ) AS stops(word);
