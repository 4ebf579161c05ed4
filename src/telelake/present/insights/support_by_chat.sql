-- title.en: Support by chat
-- title.pt: Atendimento por chat
-- definition.en: Questions of each chat and how they fared. Answered: by anyone. Solved by the bot alone: it answered first, no human did, and the question ended confirmed or assumed. Handed over: the bot answered, then a person did, or one was asked for. Asked again: the same person had asked the same in the 7 days before. First response: the time within which half (and nine of ten) of the first answers came, a real answer's time, nothing interpolated. The 100 chats with the most.
-- definition.pt: Perguntas de cada chat e o que foi delas. Respondidas: por qualquer um. Resolvidas só pelo bot: respondeu primeiro, nenhum humano respondeu, e a pergunta terminou confirmada ou suposta resolvida. Passadas: o bot respondeu, e depois uma pessoa respondeu ou foi pedida. Perguntadas de novo: a mesma pessoa perguntara o mesmo nos 7 dias antes. Primeira resposta: o tempo em que veio a metade (e nove de dez) das primeiras respostas, o tempo de uma resposta real, nada interpolado. Os 100 chats com mais.
-- group: support
-- order: 100
-- chart: table
-- params: from, to, chat, week, topic, hour, weekday
-- based_on: questions
-- rows: questions chat_id
-- rows.answer_rate: answered_by IS NOT NULL
-- rows.answered_by_bot: answered_by = 'bot'
-- rows.bot_resolution_rate: is_solved_by_bot(answered_by, human_answer_seconds, outcome)
-- rows.handoff_rate: is_handed_over(bot_answer_seconds, human_answer_seconds, outcome)
-- rows.repeat_rate: repeats_message_id IS NOT NULL
-- rows.sla_breaches: sla_breached
-- rows.first_response_p50: answered_by IS NOT NULL
-- rows.first_response_p90: answered_by IS NOT NULL
WITH placed AS (SELECT *, cume_dist() OVER (PARTITION BY chat_id, answer_seconds IS NULL ORDER BY answer_seconds) AS part FROM chosen_questions($from, $to, $chat, $week, $topic, $hour, $weekday))
SELECT placed.chat_id,
       coalesce(max(chats.title), '#' || placed.chat_id) AS chat,
       count(*) AS questions,
       share_of(placed.answered_by IS NOT NULL) AS answer_rate,
       count(*) FILTER (WHERE placed.answered_by = 'bot') AS answered_by_bot,
       share_of(is_solved_by_bot(placed.answered_by, placed.human_answer_seconds, placed.outcome)) AS bot_resolution_rate,
       share_of(is_handed_over(placed.bot_answer_seconds, placed.human_answer_seconds, placed.outcome)) AS handoff_rate,
       share_of(placed.repeats_message_id IS NOT NULL) AS repeat_rate,
       breaches(placed.sla_breached) AS sla_breaches,
       min(placed.answer_seconds) FILTER (WHERE placed.part >= 0.5) AS first_response_p50,
       min(placed.answer_seconds) FILTER (WHERE placed.part >= 0.9) AS first_response_p90
FROM placed
LEFT JOIN chats ON chats.chat_id = placed.chat_id
GROUP BY placed.chat_id
ORDER BY 3 DESC, 1
LIMIT 100
