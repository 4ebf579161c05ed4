-- title.en: When do people use the bot most?
-- title.pt: Quando as pessoas mais usam o bot?
-- definition.en: People's messages in the bot's chats (bots and service messages left out; channels and anonymous admins count): how many, the hour of the day and the weekday with the most, in the lake's time zone, and the share of all messages that fell into each. Of two that are equal the earlier is named.
-- definition.pt: Mensagens de pessoas nos chats do bot (sem bots nem mensagens de serviço; canais e admins anônimos contam): quantas, a hora do dia e o dia da semana com mais, no fuso do lago, e a parcela de todas que caiu em cada um. Em empate vale o primeiro.
-- group: answers
-- order: 10
-- chart: figures
-- params: from, to, chat, week, hour, weekday
-- based_on: messages
-- rows: messages
-- rows.where: NOT is_bots
WITH chosen AS MATERIALIZED (SELECT hour, weekday, sum(messages) AS messages
                             FROM chosen_times($from, $to, $chat, $week, 'people', $hour, $weekday) GROUP BY 1, 2),
     total AS (SELECT CAST(coalesce(sum(messages), 0) AS BIGINT) AS messages FROM chosen),
     hours AS (SELECT hour, sum(messages) AS messages FROM chosen
               WHERE hour IS NOT NULL AND messages > 0 GROUP BY hour ORDER BY 2 DESC, 1 LIMIT 1),
     weekdays AS (SELECT weekday, sum(messages) AS messages FROM chosen
                  WHERE messages > 0 GROUP BY weekday ORDER BY 2 DESC, 1 LIMIT 1)
SELECT total.messages,
       hours.hour AS busiest_hour,
       round(hours.messages / total.messages, 4) AS hour_share,
       weekdays.weekday AS busiest_weekday,
       round(weekdays.messages / total.messages, 4) AS weekday_share
FROM total
LEFT JOIN hours ON true
LEFT JOIN weekdays ON true
