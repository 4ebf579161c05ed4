-- title.en: First response
-- title.pt: Primeira resposta
-- definition.en: The time from a question to the first answer of a bot, of a human (attendant or another customer), and of anyone: how many questions got one, their share, and the time within which half, and nine of ten, of these answers came (a real answer's time, nothing interpolated). A question that both answered counts in both rows.
-- definition.pt: O tempo de uma pergunta à primeira resposta de um bot, de um humano (atendente ou outro cliente), e de qualquer um: quantas perguntas a tiveram, sua parcela, e o tempo em que vieram a metade e nove de dez dessas respostas (o tempo de uma resposta real, nada interpolado). Uma pergunta que os dois responderam conta nas duas linhas.
-- group: support
-- order: 60
-- chart: table
-- params: from, to, chat, week, topic, hour, weekday
WITH chosen AS MATERIALIZED (FROM chosen_questions($from, $to, $chat, $week, $topic, $hour, $weekday)),
     answers AS (SELECT 'any' AS answered_by, answer_seconds AS seconds FROM chosen
                 UNION ALL SELECT 'bot', bot_answer_seconds FROM chosen
                 UNION ALL SELECT 'human', human_answer_seconds FROM chosen),
     placed AS (SELECT answered_by, seconds
                FROM answers)
SELECT answered_by,
       count(seconds) AS answered,
       round(count(seconds) / count(*), 4) AS share,
       within(seconds, 0.5) AS p50_seconds,
       within(seconds, 0.9) AS p90_seconds
FROM placed
GROUP BY answered_by
ORDER BY answered_by
