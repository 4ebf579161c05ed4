-- title.en: Busiest hours
-- title.pt: Horas mais movimentadas
-- definition.en: Messages by the hour of the day at which they were sent, in the lake's time zone, in all and on an average day (divided by the number of days from the first to the last chosen message, quiet ones included). Service messages and messages without a date are left out. Only people's messages (channels and anonymous admins count) unless who says otherwise.
-- definition.pt: Mensagens pela hora do dia em que foram enviadas, no fuso do lago, no total e num dia médio (divididas pelo número de dias da primeira à última mensagem escolhida, contando os sem mensagens). Mensagens de serviço e sem data ficam de fora. Só mensagens de pessoas (canais e admins anônimos contam), a não ser que who diga outra coisa.
-- group: activity
-- order: 50
-- chart: bar x=hour y=messages
-- params: from, to, chat, week, who=people, hour, weekday
-- rows: messages hour
WITH chosen AS MATERIALIZED (FROM chosen_times($from, $to, $chat, $week, $who, $hour, $weekday)),
     span AS (SELECT date_diff('day', min(day), max(day)) + 1 AS days FROM chosen WHERE hour IS NOT NULL AND messages > 0),
     counts AS (SELECT hour, sum(messages) AS messages FROM chosen GROUP BY 1)
SELECT hours.hour,
       CAST(coalesce(counts.messages, 0) AS BIGINT) AS messages,
       round(coalesce(counts.messages, 0) / coalesce(span.days, 1), 2) AS messages_per_day
FROM range(24) AS hours(hour)
CROSS JOIN span
LEFT JOIN counts ON counts.hour = hours.hour
ORDER BY hours.hour
