-- title.en: Is the bot solving it?
-- title.pt: O bot está resolvendo?
-- definition.en: Questions, and those that the bot solved alone: it gave the first answer, no human answered, and the question ended confirmed (thanks, a thumb up or the like) or assumed (the person left without asking more). Beside them those that the bot answered at all, the share of these that it solved alone, those handed to a person, and those that nobody answered.
-- definition.pt: Perguntas, e as que o bot resolveu sozinho: deu a primeira resposta, nenhum humano respondeu, e a pergunta terminou confirmada (agradecimento, polegar ou semelhante) ou suposta resolvida (a pessoa saiu sem perguntar mais). Ao lado, as que o bot respondeu, a parcela destas que resolveu sozinho, as passadas a uma pessoa, e as que ninguém respondeu.
-- group: answers
-- order: 30
-- chart: figures
-- params: from, to, chat, week, topic, hour, weekday
-- based_on: questions
-- rows: questions
-- rows.solved_by_bot: is_solved_by_bot(answered_by, human_answer_seconds, outcome)
-- rows.bot_answered: bot_answer_seconds IS NOT NULL
-- rows.handed_over: is_handed_over(bot_answer_seconds, human_answer_seconds, outcome)
-- rows.unanswered: answered_by IS NULL
SELECT count(*) AS questions,
       count(*) FILTER (WHERE is_solved_by_bot(answered_by, human_answer_seconds, outcome)) AS solved_by_bot,
       share_of(is_solved_by_bot(answered_by, human_answer_seconds, outcome)) AS bot_resolution_rate,
       count(bot_answer_seconds) AS bot_answered,
       round(count(*) FILTER (WHERE is_solved_by_bot(answered_by, human_answer_seconds, outcome))
             / nullif(count(bot_answer_seconds), 0), 4) AS bot_success_rate,
       count(*) FILTER (WHERE is_handed_over(bot_answer_seconds, human_answer_seconds, outcome)) AS handed_over,
       count(*) FILTER (WHERE answered_by IS NULL) AS unanswered
FROM chosen_questions($from, $to, $chat, $week, $topic, $hour, $weekday)
