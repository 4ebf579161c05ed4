-- title.en: When people write
-- title.pt: Quando se escreve
-- definition.en: Messages by weekday (1 is Monday) and hour of sending in the lake's time zone, over all chosen days; choose an ISO week to see that week alone. Service messages and messages without a date are left out. Only people's messages (channels and anonymous admins count) unless who says otherwise. All 168 hours of the week are there, with 0 when nothing was sent.
-- definition.pt: Mensagens por dia da semana (1 é segunda) e hora de envio no fuso do lago, em todos os dias escolhidos; escolha uma semana ISO para ver só essa semana. Mensagens de serviço e sem data ficam de fora. Só mensagens de pessoas (canais e admins anônimos contam), a não ser que who diga outra coisa. Todas as 168 horas da semana aparecem, com 0 quando nada foi enviado.
-- group: activity
-- order: 40
-- chart: heatmap x=hour y=weekday color=messages
-- params: from, to, chat, week, who=people, hour, weekday
-- rows: messages weekday hour
WITH counts AS (SELECT weekday, hour, sum(messages) AS messages
                FROM chosen_times($from, $to, $chat, $week, $who, $hour, $weekday) GROUP BY 1, 2)
SELECT weekdays.weekday, hours.hour, CAST(coalesce(counts.messages, 0) AS BIGINT) AS messages
FROM range(1, 8) AS weekdays(weekday)
CROSS JOIN range(24) AS hours(hour)
LEFT JOIN counts ON counts.weekday = weekdays.weekday AND counts.hour = hours.hour
ORDER BY weekdays.weekday, hours.hour
