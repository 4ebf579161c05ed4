-- title.en: Messages per day
-- title.pt: Mensagens por dia
-- definition.en: Messages of each lake day, which begins at midnight in the lake's time zone. Service messages (joins, pins, …) are left out; those of bots count. A message that was edited counts once, on the day it was sent. Days between the first and the last message show 0 when nobody wrote; the last day may be incomplete.
-- definition.pt: Mensagens de cada dia do lago, que começa à meia-noite no fuso do lago. Mensagens de serviço (entradas, fixações, …) ficam de fora; as de bots contam. Uma mensagem editada conta uma vez, no dia em que foi enviada. Dias entre a primeira e a última mensagem aparecem com 0 quando ninguém escreveu; o último dia pode estar incompleto.
-- group: activity
-- chart: bar x=day y=messages
-- params: from, to, chat, week, who, hour, weekday
-- rows: messages day
WITH counts AS MATERIALIZED (SELECT day, CAST(sum(messages) AS BIGINT) AS messages FROM chosen_times($from, $to, $chat, $week, $who, $hour, $weekday) WHERE messages > 0 GROUP BY day),
     days AS (FROM days_between((SELECT min(day) FROM counts), (SELECT max(day) FROM counts)))
SELECT days.day, coalesce(counts.messages, 0) AS messages
FROM days
LEFT JOIN counts ON counts.day = days.day
ORDER BY days.day
