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
WITH totals AS (SELECT person_id, sum(messages) AS messages FROM chosen_voices($from, $to, $chat, $week, $who, $hour, $weekday) GROUP BY person_id),
     -- Only the seven are told apart: to number all people for each day takes ten times as long.
     ranked AS MATERIALIZED (SELECT person_id, row_number() OVER (ORDER BY messages DESC, person_id) AS place
                             FROM totals ORDER BY messages DESC, person_id LIMIT 7),
     counts AS MATERIALIZED (SELECT said.day, coalesce(ranked.place, 8) AS rank, CAST(sum(said.messages) AS BIGINT) AS messages
                             FROM chosen_voices($from, $to, $chat, $week, $who, $hour, $weekday) AS said
                             LEFT JOIN ranked ON ranked.person_id = said.person_id GROUP BY 1, 2),
     series AS (SELECT counts.rank, max(ranked.person_id) AS user_id
                FROM counts LEFT JOIN ranked ON ranked.place = counts.rank GROUP BY counts.rank),
     days AS (FROM days_between((SELECT min(day) FROM counts), (SELECT max(day) FROM counts)))
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
