-- title.en: Messages per person per day
-- title.pt: Mensagens por pessoa por dia
-- definition.en: Messages of each of the seven people who wrote most in the selection, by lake day (in the lake's time zone), and of all others together (a row without a person). Ties are broken by the smaller id. Names are the latest seen. Bots, messages sent in the name of a chat, and service messages are left out. Days without messages show 0.
-- definition.pt: Mensagens de cada uma das sete pessoas que mais escreveram na seleção, por dia do lago (no fuso do lago), e das demais juntas (linha sem pessoa). Em empate vale o menor id. Os nomes são os últimos vistos. Bots, mensagens enviadas em nome de um chat e mensagens de serviço ficam de fora. Dias sem mensagens aparecem com 0.
-- group: people
-- order: 20
-- chart: stacked x=day y=messages color=person order=rank
-- params: from, to, chat, week, who, hour, weekday
-- based_on: messages
-- rows: messages day user_id=person_id
WITH chosen AS MATERIALIZED (SELECT day, person_id, sum(messages) AS messages, sum(characters) AS characters, sum(texts) AS texts
                             FROM chosen_voices($from, $to, $chat, $week, $who, $hour, $weekday) GROUP BY 1, 2),
     ranked AS (SELECT person_id, row_number() OVER (ORDER BY sum(messages) DESC, person_id) AS place
                FROM chosen GROUP BY person_id),
     series AS (SELECT least(place, 8) AS rank, any_value(person_id) FILTER (place < 8) AS user_id
                FROM ranked GROUP BY 1),
     days AS (FROM days_between((SELECT min(day) FROM chosen), (SELECT max(day) FROM chosen))),
     counts AS (SELECT chosen.day, least(ranked.place, 8) AS rank, CAST(sum(chosen.messages) AS BIGINT) AS messages
                FROM chosen JOIN ranked ON ranked.person_id = chosen.person_id GROUP BY 1, 2)
SELECT days.day,
       series.rank,
       series.user_id,
       CASE WHEN series.user_id IS NOT NULL THEN coalesce(names.person, '#' || series.user_id) END AS person,
       coalesce(counts.messages, 0) AS messages
FROM days
CROSS JOIN series
LEFT JOIN counts ON counts.day = days.day AND counts.rank = series.rank
LEFT JOIN people_names() AS names ON names.user_id = series.user_id
ORDER BY days.day, series.rank
