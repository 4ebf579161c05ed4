-- title.en: What is the most frequent problem?
-- title.pt: Qual é o problema mais frequente?
-- definition.en: The topic in which most questions were asked, of those that have a topic: how many, their share of all chosen questions (those without a topic count there), and the share of them that got any answer. Of two that are equal the one with the smaller id is named.
-- definition.pt: O assunto em que se fez o maior número de perguntas, entre as que têm assunto: quantas, sua parcela de todas as perguntas escolhidas (aí contam as sem assunto), e a parcela delas que recebeu alguma resposta. Em empate vale o de menor id.
-- group: answers
-- order: 20
-- chart: figures
-- params: from, to, chat, week, topic, hour, weekday
-- based_on: all_questions
-- rows: questions topic_id
-- rows.answer_rate: NOT is_unanswered(answered_by, outcome)
WITH topics AS MATERIALIZED (SELECT topic_id, max(topic) AS topic, count(*) AS questions,
                                    answered_share(answered_by, outcome, is_seen) AS answer_rate
                             FROM chosen_questions($from, $to, $chat, $week, $topic, $hour, $weekday) GROUP BY topic_id),
     total AS (SELECT CAST(coalesce(sum(questions), 0) AS BIGINT) AS questions FROM topics),
     largest AS (SELECT * FROM topics WHERE topic_id IS NOT NULL ORDER BY questions DESC, topic_id LIMIT 1)
SELECT largest.topic_id,
       largest.topic,
       largest.questions,
       round(largest.questions / total.questions, 4) AS share,
       largest.answer_rate,
       total.questions AS all_questions
FROM total
LEFT JOIN largest ON true
