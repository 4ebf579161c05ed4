-- title.en: Topics
-- title.pt: Assuntos
-- definition.en: What questions are about, by topic (null: of none), with the share of all chosen questions, how many there were in as many days just before, and how they fared. Answered: by anyone. Solved by the bot alone: it answered first, no human did, and the question ended confirmed or assumed. Handed over: the bot answered, then a person did, or one was asked for. Asked again: the same person had asked the same in the 7 days before. First response: the time within which half (and nine of ten) of the first answers came, a real answer's time, nothing interpolated.
-- definition.pt: Sobre o que são as perguntas, por assunto (nulo: sem assunto), com a parcela de todas as perguntas escolhidas, quantas houve em outros tantos dias logo antes, e o que foi delas. Respondidas: por qualquer um. Resolvidas só pelo bot: respondeu primeiro, nenhum humano respondeu, e a pergunta terminou confirmada ou suposta resolvida. Passadas: o bot respondeu, e depois uma pessoa respondeu ou foi pedida. Perguntadas de novo: a mesma pessoa perguntara o mesmo nos 7 dias antes. Primeira resposta: o tempo em que veio a metade (e nove de dez) das primeiras respostas, o tempo de uma resposta real, nada interpolado.
-- group: support
-- order: 30
-- chart: bar x=questions y=topic
-- params: from, to, chat, week, topic, hour, weekday
-- based_on: questions
-- rows: questions topic_id
-- rows.answer_rate: answered_by IS NOT NULL
-- rows.answered_by_bot: answered_by = 'bot'
-- rows.bot_resolution_rate: is_solved_by_bot(answered_by, human_answer_seconds, outcome)
-- rows.handoff_rate: is_handed_over(bot_answer_seconds, human_answer_seconds, outcome)
-- rows.repeat_rate: repeats_message_id IS NOT NULL
-- rows.sla_breaches: sla_breached
-- rows.first_response_p50: answered_by IS NOT NULL
-- rows.first_response_p90: answered_by IS NOT NULL
WITH chosen AS MATERIALIZED (FROM chosen_questions($from, $to, $chat, $week, $topic, $hour, $weekday)),
     placed AS (SELECT *, cume_dist() OVER (PARTITION BY topic_id, answer_seconds IS NULL ORDER BY answer_seconds) AS part
                FROM chosen),
     span AS (SELECT min(day) AS first_day, max(day) AS last_day FROM chosen),
     before AS (SELECT earlier.topic_id, count(*) AS questions
                FROM chosen_questions(NULL, NULL, $chat, NULL, $topic, $hour, $weekday) AS earlier
                CROSS JOIN span
                WHERE earlier.day < span.first_day
                  AND date_diff('day', earlier.day, span.first_day) <= date_diff('day', span.first_day, span.last_day) + 1
                GROUP BY earlier.topic_id),
     measured AS (SELECT topic_id,
       max(topic) AS topic,
       count(*) AS questions,
       share_of(answered_by IS NOT NULL) AS answer_rate,
       count(*) FILTER (WHERE answered_by = 'bot') AS answered_by_bot,
       share_of(is_solved_by_bot(answered_by, human_answer_seconds, outcome)) AS bot_resolution_rate,
       share_of(is_handed_over(bot_answer_seconds, human_answer_seconds, outcome)) AS handoff_rate,
       share_of(repeats_message_id IS NOT NULL) AS repeat_rate,
       breaches(sla_breached) AS sla_breaches,
       min(answer_seconds) FILTER (WHERE part >= 0.5) AS first_response_p50,
       min(answer_seconds) FILTER (WHERE part >= 0.9) AS first_response_p90
                  FROM placed GROUP BY topic_id)
SELECT measured.topic_id,
       measured.topic,
       measured.questions,
       round(measured.questions / sum(measured.questions) OVER (), 4) AS share,
       coalesce(before.questions, 0) AS questions_before,
       measured.answer_rate, measured.answered_by_bot, measured.bot_resolution_rate, measured.handoff_rate,
       measured.repeat_rate, measured.sla_breaches, measured.first_response_p50, measured.first_response_p90
FROM measured
LEFT JOIN before ON coalesce(before.topic_id, -1) = coalesce(measured.topic_id, -1)
ORDER BY measured.questions DESC, measured.topic_id
LIMIT 100
