-- title.en: Lorenz curve
-- title.pt: Curva de Lorenz
-- definition.en: What share of all messages the least active share of the people wrote: if half of the people wrote a tenth of the messages, the curve passes through (50%, 10%). A straight line would be equality; the area between, doubled, is the Gini index. At most a hundred points. People as in 'How unequal is taking part?'.
-- definition.pt: Que parcela das mensagens a parcela menos ativa das pessoas escreveu: se metade das pessoas escreveu um décimo das mensagens, a curva passa por (50%, 10%). Uma reta seria a igualdade; a área entre as duas, dobrada, é o índice de Gini. No máximo cem pontos. Pessoas como em 'Quão desigual é a participação?'.
-- group: people
-- order: 50
-- chart: line x=share_of_people y=share_of_messages
-- params: from, to, chat, week, who=people, hour, weekday
WITH people AS (SELECT person_id, CAST(sum(messages) AS BIGINT) AS messages FROM chosen_voices($from, $to, $chat, $week, $who, $hour, $weekday) GROUP BY person_id),
     ranked AS (SELECT messages, row_number() OVER (ORDER BY messages, person_id) AS place,
                       sum(messages) OVER (ORDER BY messages, person_id ROWS UNBOUNDED PRECEDING) AS so_far,
                       count(*) OVER () AS people, sum(messages) OVER () AS total
                FROM people)
SELECT 0.0 AS share_of_people, 0.0 AS share_of_messages, 0 AS people
FROM range(1) AS origins(origin)
UNION ALL
SELECT round(max(place) / max(people), 4), round(max(so_far) / max(total), 4), max(place)
FROM ranked
GROUP BY ceil(place * 100 / people)
ORDER BY 1
