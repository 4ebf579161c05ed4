-- title.en: Support in numbers
-- title.pt: Atendimento em números
-- definition.en: Questions of the selection and how they fared. Unanswered: nobody answered, whether or not a human was asked for, and nobody has marked it as solved; answered is every other. Solved by the bot alone: it answered first, no human did, and the question ended confirmed or assumed. Handed over: the bot answered, then a person did, or one was asked for. Asked again: the same person had asked the same in the 7 days before. First response: the time within which half (and nine of ten) of the first answers came, a real answer's time, nothing interpolated. The bot's numbers are of questions in chats where the lake has some message of a bot; elsewhere they are unknown (null), for a bot's replies reach the lake only through mode proxy or an export.
-- definition.pt: Perguntas da seleção e o que foi delas. Sem resposta: ninguém respondeu, tenha-se ou não pedido um humano, nem foi marcada como resolvida; respondida é qualquer outra. Resolvidas só pelo bot: respondeu primeiro, nenhum humano respondeu, e a pergunta terminou confirmada ou suposta resolvida. Passadas: o bot respondeu, e depois uma pessoa respondeu ou foi pedida. Perguntadas de novo: a mesma pessoa perguntara o mesmo nos 7 dias antes. Primeira resposta: o tempo em que veio a metade (e nove de dez) das primeiras respostas, o tempo de uma resposta real, nada interpolado. Os números do bot são das perguntas em chats onde o lago tem alguma mensagem de bot; nos outros não se sabe (nulo), pois as respostas do bot só chegam ao lago pelo modo proxy ou por uma exportação.
-- group: support
-- order: 10
-- chart: figures
-- params: from, to, chat, week, topic, hour, weekday
-- based_on: questions
-- rows: questions
-- rows.answer_rate: NOT is_unanswered(answered_by, outcome)
-- rows.unanswered: is_unanswered(answered_by, outcome)
-- rows.answered_by_bot: answered_by = 'bot'
-- rows.bot_resolution_rate: is_solved_by_bot(answered_by, human_answer_seconds, outcome)
-- rows.handoff_rate: is_handed_over(bot_answer_seconds, human_answer_seconds, outcome)
-- rows.repeat_rate: repeats_message_id IS NOT NULL
-- rows.sla_breaches: sla_breached
-- rows.first_response_p50: answered_by IS NOT NULL
-- rows.first_response_p90: answered_by IS NOT NULL
SELECT count(*) AS questions,
       answered_share(answered_by, outcome, is_seen) AS answer_rate,
       count(*) FILTER (WHERE is_unanswered(answered_by, outcome)) AS unanswered,
       seen_count(answered_by = 'bot', is_seen) AS answered_by_bot,
       seen_share(is_solved_by_bot(answered_by, human_answer_seconds, outcome), is_seen) AS bot_resolution_rate,
       seen_share(is_handed_over(bot_answer_seconds, human_answer_seconds, outcome), is_seen) AS handoff_rate,
       share_of(repeats_message_id IS NOT NULL) AS repeat_rate,
       breaches(sla_breached) AS sla_breaches,
       within(answer_seconds, 0.5) AS first_response_p50,
       within(answer_seconds, 0.9) AS first_response_p90
FROM chosen_questions($from, $to, $chat, $week, $topic, $hour, $weekday)
