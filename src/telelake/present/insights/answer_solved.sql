-- title.en: Is the bot solving it?
-- title.pt: O bot está resolvendo?
-- definition.en: Questions, and those that the bot solved alone: it gave the first answer, no human answered, and the question ended confirmed (thanks, a thumb up or the like) or assumed (the person left without asking more). Beside them those that the bot answered at all, the share of these that it solved alone, those handed to a person, and those that are unanswered. Unanswered: nobody answered, whether or not a human was asked for, and nobody has marked it as solved; answered is every other. The bot's numbers are of questions in chats where the lake has some message of a bot; elsewhere they are unknown (null), for a bot's replies reach the lake only through mode proxy or an export.
-- definition.pt: Perguntas, e as que o bot resolveu sozinho: deu a primeira resposta, nenhum humano respondeu, e a pergunta terminou confirmada (agradecimento, polegar ou semelhante) ou suposta resolvida (a pessoa saiu sem perguntar mais). Ao lado, as que o bot respondeu, a parcela destas que resolveu sozinho, as passadas a uma pessoa, e as que estão sem resposta. Sem resposta: ninguém respondeu, tenha-se ou não pedido um humano, nem foi marcada como resolvida; respondida é qualquer outra. Os números do bot são das perguntas em chats onde o lago tem alguma mensagem de bot; nos outros não se sabe (nulo), pois as respostas do bot só chegam ao lago pelo modo proxy ou por uma exportação.
-- group: answers
-- order: 30
-- chart: figures
-- params: from, to, chat, week, topic, hour, weekday
-- based_on: questions
-- rows: questions
-- rows.seen_questions: is_seen
-- rows.solved_by_bot: is_solved_by_bot(answered_by, human_answer_seconds, outcome)
-- rows.bot_answered: bot_answer_seconds IS NOT NULL
-- rows.handed_over: is_handed_over(bot_answer_seconds, human_answer_seconds, outcome)
-- rows.unanswered: is_unanswered(answered_by, outcome)
-- rows.unseen_questions: NOT is_seen
SELECT count(*) AS questions,
       count(*) FILTER (WHERE is_seen) AS seen_questions,
       count(*) FILTER (WHERE NOT is_seen) AS unseen_questions,
       seen_count(is_solved_by_bot(answered_by, human_answer_seconds, outcome), is_seen) AS solved_by_bot,
       seen_share(is_solved_by_bot(answered_by, human_answer_seconds, outcome), is_seen) AS bot_resolution_rate,
       seen_count(bot_answer_seconds IS NOT NULL, is_seen) AS bot_answered,
       round(count(*) FILTER (WHERE is_solved_by_bot(answered_by, human_answer_seconds, outcome))
             / nullif(count(bot_answer_seconds), 0), 4) AS bot_success_rate,
       seen_count(is_handed_over(bot_answer_seconds, human_answer_seconds, outcome), is_seen) AS handed_over,
       count(*) FILTER (WHERE is_unanswered(answered_by, outcome)) AS unanswered
FROM chosen_questions($from, $to, $chat, $week, $topic, $hour, $weekday)
