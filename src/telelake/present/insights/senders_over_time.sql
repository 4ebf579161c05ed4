-- title.en: People and bots
-- title.pt: Pessoas e bots
-- definition.en: Messages of people (channels and anonymous admins with them) and of bots (ours and others) in each period, and the share of the bots. A bot's own messages are seen only where its calls are recorded (mode proxy) or an export has them. Service messages are left out. Periods without messages show 0.
-- definition.pt: Mensagens de pessoas (com canais e admins anônimos) e de bots (nossos e outros) em cada período, e a parcela dos bots. As mensagens do próprio bot só são vistas onde suas chamadas são gravadas (modo proxy) ou uma exportação as tem. Mensagens de serviço ficam de fora. Períodos sem mensagens aparecem com 0.
-- group: activity
-- order: 60
-- chart: stacked x=period y=people_messages,bot_messages
-- params: from, to, chat, week, hour, weekday, grain=day
-- rows: messages period=period_of(day, hour, $grain)
-- rows.people_messages: NOT is_bots
-- rows.bot_messages: is_bots
WITH chosen AS MATERIALIZED (SELECT day, period_of(day, hour, $grain) AS period,
                                    sum(people_messages) AS people_messages, sum(bot_messages) AS bot_messages
                             FROM chosen_times($from, $to, $chat, $week, NULL, $hour, $weekday) GROUP BY 1, 2),
     periods AS (FROM periods_between((SELECT min(day) FROM chosen), (SELECT max(day) FROM chosen), $grain))
SELECT periods.period,
       period_name(periods.period, $grain) AS period_name,
       CAST(coalesce(sum(chosen.people_messages), 0) AS BIGINT) AS people_messages,
       CAST(coalesce(sum(chosen.bot_messages), 0) AS BIGINT) AS bot_messages,
       round(sum(chosen.bot_messages) / nullif(sum(chosen.people_messages + chosen.bot_messages), 0), 4) AS bot_share
FROM periods
LEFT JOIN chosen ON chosen.period = periods.period
GROUP BY periods.period
ORDER BY periods.period
