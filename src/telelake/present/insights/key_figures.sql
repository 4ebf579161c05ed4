-- title.en: Key figures
-- title.pt: Números principais
-- definition.en: Messages that are not service messages; different people who wrote them (bots and messages sent in the name of a chat left out); days with at least one message; messages divided by those days; the hour of the day, in the lake's time zone, and the day with the most messages of people, or of those whom the filter chooses (the earlier one of two that are equal).
-- definition.pt: Mensagens que não são de serviço; pessoas diferentes que as escreveram (sem bots e sem mensagens enviadas em nome de um chat); dias com ao menos uma mensagem; mensagens divididas por esses dias; a hora do dia, no fuso do lago, e o dia com mais mensagens de pessoas, ou de quem o filtro escolhe (em empate, o primeiro).
-- group: activity
-- order: 10
-- chart: figures
-- params: from, to, chat, week, who, hour, weekday
-- rows: messages
-- rows.people: person_id IS NOT NULL
WITH hours AS MATERIALIZED (SELECT day, hour, sum(messages) AS messages,
                                   sum(CASE WHEN $who IS NULL THEN people_messages ELSE messages END) AS busy
                            FROM chosen_times($from, $to, $chat, $week, $who, $hour, $weekday) WHERE messages > 0 GROUP BY 1, 2)
SELECT CAST(coalesce(sum(messages), 0) AS BIGINT) AS messages,
       (SELECT count(DISTINCT person_id) FROM chosen_voices($from, $to, $chat, $week, $who, $hour, $weekday)) AS people,
       count(DISTINCT day) AS days,
       round(sum(messages) / nullif(count(DISTINCT day), 0), 1) AS messages_per_day,
       (SELECT hour FROM hours WHERE hour IS NOT NULL AND busy > 0 GROUP BY 1 ORDER BY sum(busy) DESC, 1 LIMIT 1) AS busiest_hour,
       (SELECT day FROM hours WHERE busy > 0 GROUP BY day ORDER BY sum(busy) DESC, day LIMIT 1) AS busiest_day
FROM hours
