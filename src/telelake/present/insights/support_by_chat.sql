-- title.en: Support by chat
-- title.pt: Atendimento por chat
-- definition.en: Questions of each chat and how they fared. Unanswered: nobody answered, whether or not a human was asked for, and nobody has marked it as solved; answered is every other. Solved by the bot alone: it answered first, no human did, and the question ended confirmed or assumed. Handed over: the bot answered, then a person did, or one was asked for. Asked again: the same person had asked the same in the 7 days before. First response: the time within which half (and nine of ten) of the first answers came, a real answer's time, nothing interpolated. The 100 chats with the most. The bot's numbers are of questions in chats where the lake has some message of a bot; elsewhere they are unknown (null), for a bot's replies reach the lake only through mode proxy or an export. Where no bot is seen, and no answer, the share of answered ones is unknown too.
-- definition.pt: Perguntas de cada chat e o que foi delas. Sem resposta: ninguém respondeu, tenha-se ou não pedido um humano, nem foi marcada como resolvida; respondida é qualquer outra. Resolvidas só pelo bot: respondeu primeiro, nenhum humano respondeu, e a pergunta terminou confirmada ou suposta resolvida. Passadas: o bot respondeu, e depois uma pessoa respondeu ou foi pedida. Perguntadas de novo: a mesma pessoa perguntara o mesmo nos 7 dias antes. Primeira resposta: o tempo em que veio a metade (e nove de dez) das primeiras respostas, o tempo de uma resposta real, nada interpolado. Os 100 chats com mais. Os números do bot são das perguntas em chats onde o lago tem alguma mensagem de bot; nos outros não se sabe (nulo), pois as respostas do bot só chegam ao lago pelo modo proxy ou por uma exportação. Onde não se vê bot nem resposta, também não se sabe a parcela de respondidas.
-- group: support
-- order: 100
-- chart: table
-- params: from, to, chat, week, topic, hour, weekday
-- based_on: questions
-- rows: questions chat_id
-- rows.answer_rate: NOT is_unanswered(answered_by, outcome)
-- rows.unanswered: is_unanswered(answered_by, outcome)
-- rows.answered_by_bot: answered_by = 'bot'
-- rows.bot_resolution_rate: is_solved_by_bot(answered_by, human_answer_seconds, outcome)
-- rows.handoff_rate: is_handed_over(bot_answer_seconds, human_answer_seconds, outcome)
-- rows.repeat_rate: repeats_message_id IS NOT NULL
-- rows.sla_breaches: sla_breached
-- rows.first_response_p50: answered_by IS NOT NULL
-- rows.first_response_p90: answered_by IS NOT NULL
WITH placed AS (SELECT * FROM chosen_questions($from, $to, $chat, $week, $topic, $hour, $weekday))
SELECT placed.chat_id,
       coalesce(max(chats.title), '#' || placed.chat_id) AS chat,
       count(*) AS questions,
       answered_share(placed.answered_by, placed.outcome, placed.is_seen) AS answer_rate,
       count(*) FILTER (WHERE is_unanswered(placed.answered_by, placed.outcome)) AS unanswered,
       CASE WHEN bool_or(placed.is_seen) THEN 'seen' ELSE 'unseen' END AS bot_replies,
       seen_count(placed.answered_by = 'bot', placed.is_seen) AS answered_by_bot,
       seen_share(is_solved_by_bot(placed.answered_by, placed.human_answer_seconds, placed.outcome), placed.is_seen) AS bot_resolution_rate,
       seen_share(is_handed_over(placed.bot_answer_seconds, placed.human_answer_seconds, placed.outcome), placed.is_seen) AS handoff_rate,
       share_of(placed.repeats_message_id IS NOT NULL) AS repeat_rate,
       breaches(placed.sla_breached) AS sla_breaches,
       within(placed.answer_seconds, 0.5) AS first_response_p50,
       within(placed.answer_seconds, 0.9) AS first_response_p90
FROM placed
LEFT JOIN chats ON chats.chat_id = placed.chat_id
GROUP BY placed.chat_id
ORDER BY 3 DESC, 1
LIMIT 100
