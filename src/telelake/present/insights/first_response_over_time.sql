-- title.en: First response over time
-- title.pt: Primeira resposta ao longo do tempo
-- definition.en: For the questions asked in each period, the time within which half, and nine of ten, of their first answers came, of whomever. Questions that nobody answered are not in it; a period without answers has no time.
-- definition.pt: Das perguntas feitas em cada período, o tempo em que vieram a metade e nove de dez das primeiras respostas, de quem for. Perguntas que ninguém respondeu ficam de fora; um período sem respostas não tem tempo.
-- group: support
-- order: 70
-- chart: line x=period y=p50_seconds,p90_seconds
-- params: from, to, chat, week, topic, hour, weekday, grain=week
-- based_on: answered
-- rows: questions period=period_of(day, hour, $grain)
-- rows.where: answer_seconds IS NOT NULL
WITH chosen AS MATERIALIZED (SELECT day, period_of(day, hour, $grain) AS period, answer_seconds FROM chosen_questions($from, $to, $chat, $week, $topic, $hour, $weekday)
                             WHERE answer_seconds IS NOT NULL),
     placed AS (SELECT period, answer_seconds
                FROM chosen),
     periods AS (FROM periods_between((SELECT min(day) FROM chosen), (SELECT max(day) FROM chosen), $grain))
SELECT periods.period,
       period_name(periods.period, $grain) AS period_name,
       count(placed.answer_seconds) AS answered,
       within(placed.answer_seconds, 0.5) AS p50_seconds,
       within(placed.answer_seconds, 0.9) AS p90_seconds
FROM periods
LEFT JOIN placed ON placed.period = periods.period
GROUP BY periods.period
ORDER BY periods.period
