-- title.en: Topics over time
-- title.pt: Assuntos ao longo do tempo
-- definition.en: Questions in each period, by the seven topics with the most in the selection and all others together (a row without a topic, with those that have none). Ties are broken by the smaller id. Periods without questions show 0.
-- definition.pt: Perguntas em cada período, pelos sete assuntos com mais na seleção e todos os demais juntos (linha sem assunto, com as que não têm). Em empate vale o menor id. Períodos sem perguntas aparecem com 0.
-- group: support
-- order: 40
-- chart: stacked x=period y=questions color=topic order=rank
-- params: from, to, chat, week, topic, hour, weekday, grain=week
-- rows: questions period=period_of(day, hour, $grain) topic_id
WITH chosen AS MATERIALIZED (SELECT day, period_of(day, hour, $grain) AS period, topic_id, topic FROM chosen_questions($from, $to, $chat, $week, $topic, $hour, $weekday)),
     ranked AS (SELECT topic_id, max(topic) AS topic, row_number() OVER (ORDER BY count(*) DESC, topic_id) AS place
                FROM chosen WHERE topic_id IS NOT NULL GROUP BY topic_id),
     counts AS (SELECT chosen.period, least(coalesce(ranked.place, 8), 8) AS rank, count(*) AS questions
                FROM chosen LEFT JOIN ranked ON ranked.topic_id = chosen.topic_id GROUP BY 1, 2),
     series AS (SELECT counts.rank, max(ranked.topic_id) AS topic_id, max(ranked.topic) AS topic
                FROM counts LEFT JOIN ranked ON ranked.place = counts.rank AND counts.rank < 8 GROUP BY counts.rank),
     periods AS (FROM periods_between((SELECT min(day) FROM chosen), (SELECT max(day) FROM chosen), $grain))
SELECT periods.period,
       period_name(periods.period, $grain) AS period_name,
       series.rank,
       series.topic_id,
       series.topic,
       coalesce(counts.questions, 0) AS questions
FROM periods
CROSS JOIN series
LEFT JOIN counts ON counts.period = periods.period AND counts.rank = series.rank
ORDER BY periods.period, series.rank
