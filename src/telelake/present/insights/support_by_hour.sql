-- title.en: Support by hour
-- title.pt: Atendimento por hora
-- definition.en: Questions by the hour of the day at which they were asked, in the lake's time zone, and how they fared; hours without questions show 0. Unanswered: nobody answered, whether or not a human was asked for, and nobody has marked it as solved; answered is every other. Solved by the bot alone: it answered first, no human did, and the question ended confirmed or assumed. Handed over: the bot answered, then a person did, or one was asked for. Asked again: the same person had asked the same in the 7 days before. First response: the time within which half (and nine of ten) of the first answers came, a real answer's time, nothing interpolated. The bot's numbers are of questions in chats where the lake has some message of a bot; elsewhere they are unknown (null), for a bot's replies reach the lake only through mode proxy or an export.
-- definition.pt: Perguntas pela hora do dia em que foram feitas, no fuso do lago, e o que foi delas; horas sem perguntas aparecem com 0. Sem resposta: ninguém respondeu, tenha-se ou não pedido um humano, nem foi marcada como resolvida; respondida é qualquer outra. Resolvidas só pelo bot: respondeu primeiro, nenhum humano respondeu, e a pergunta terminou confirmada ou suposta resolvida. Passadas: o bot respondeu, e depois uma pessoa respondeu ou foi pedida. Perguntadas de novo: a mesma pessoa perguntara o mesmo nos 7 dias antes. Primeira resposta: o tempo em que veio a metade (e nove de dez) das primeiras respostas, o tempo de uma resposta real, nada interpolado. Os números do bot são das perguntas em chats onde o lago tem alguma mensagem de bot; nos outros não se sabe (nulo), pois as respostas do bot só chegam ao lago pelo modo proxy ou por uma exportação.
-- group: support
-- order: 120
-- chart: bar x=hour y=questions
-- params: from, to, chat, week, topic, hour, weekday
-- based_on: questions
-- rows: questions hour
-- rows.answer_rate: NOT is_unanswered(answered_by, outcome)
-- rows.answered_by_bot: answered_by = 'bot'
-- rows.bot_resolution_rate: is_solved_by_bot(answered_by, human_answer_seconds, outcome)
-- rows.handoff_rate: is_handed_over(bot_answer_seconds, human_answer_seconds, outcome)
-- rows.repeat_rate: repeats_message_id IS NOT NULL
-- rows.sla_breaches: sla_breached
-- rows.first_response_p50: answered_by IS NOT NULL
-- rows.first_response_p90: answered_by IS NOT NULL
WITH placed AS (SELECT * FROM chosen_questions($from, $to, $chat, $week, $topic, $hour, $weekday)),
     measured AS (SELECT hour,
       count(*) AS questions,
       answered_share(answered_by, outcome, is_seen) AS answer_rate,
       seen_count(answered_by = 'bot', is_seen) AS answered_by_bot,
       seen_share(is_solved_by_bot(answered_by, human_answer_seconds, outcome), is_seen) AS bot_resolution_rate,
       seen_share(is_handed_over(bot_answer_seconds, human_answer_seconds, outcome), is_seen) AS handoff_rate,
       share_of(repeats_message_id IS NOT NULL) AS repeat_rate,
       count(*) FILTER (WHERE sla_breached) AS sla_breaches,
       within(answer_seconds, 0.5) AS first_response_p50,
       within(answer_seconds, 0.9) AS first_response_p90
                  FROM placed GROUP BY hour)
SELECT hours.hour,
       coalesce(measured.questions, 0) AS questions,
       measured.answer_rate,
       CASE WHEN measured.questions IS NULL THEN 0 ELSE measured.answered_by_bot END AS answered_by_bot,
       measured.bot_resolution_rate, measured.handoff_rate, measured.repeat_rate,
       coalesce(measured.sla_breaches, 0) AS sla_breaches,
       measured.first_response_p50, measured.first_response_p90
FROM range(24) AS hours(hour)
LEFT JOIN measured ON measured.hour = hours.hour
ORDER BY hours.hour
