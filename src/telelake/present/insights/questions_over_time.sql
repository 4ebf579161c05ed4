-- title.en: Questions over time
-- title.pt: Perguntas ao longo do tempo
-- definition.en: Questions asked in each period, those that anyone answered and those that nobody did so far, those that the bot solved alone, those handed to a person, and SLA breaches, with rates. Periods without questions show 0, and no rate. Unanswered: nobody answered, whether or not a human was asked for, and nobody has marked it as solved; answered is every other. Solved by the bot alone: it answered first, no human did, and the question ended confirmed or assumed. Handed over: the bot answered, then a person did, or one was asked for. Asked again: the same person had asked the same in the 7 days before.
-- definition.pt: Perguntas feitas em cada período, as que alguém respondeu e as que ninguém respondeu até agora, as que o bot resolveu sozinho, as passadas a uma pessoa, e violações do SLA, com taxas. Períodos sem perguntas aparecem com 0, sem taxa. Sem resposta: ninguém respondeu, tenha-se ou não pedido um humano, nem foi marcada como resolvida; respondida é qualquer outra. Resolvidas só pelo bot: respondeu primeiro, nenhum humano respondeu, e a pergunta terminou confirmada ou suposta resolvida. Passadas: o bot respondeu, e depois uma pessoa respondeu ou foi pedida. Perguntadas de novo: a mesma pessoa perguntara o mesmo nos 7 dias antes.
-- group: support
-- order: 20
-- chart: stacked x=period y=answered,unanswered
-- params: from, to, chat, week, topic, hour, weekday, grain=day
-- rows: questions period=period_of(day, hour, $grain)
-- rows.answered: NOT is_unanswered(answered_by, outcome)
-- rows.unanswered: is_unanswered(answered_by, outcome)
-- rows.solved_by_bot: is_solved_by_bot(answered_by, human_answer_seconds, outcome)
-- rows.handed_over: is_handed_over(bot_answer_seconds, human_answer_seconds, outcome)
-- rows.repeated: repeats_message_id IS NOT NULL
-- rows.sla_breaches: sla_breached
WITH chosen AS MATERIALIZED (SELECT day, period_of(day, hour, $grain) AS period, message_id, answered_by, outcome, bot_answer_seconds, human_answer_seconds,
                                    sla_breached, repeats_message_id, is_seen, is_unanswered(answered_by, outcome) AS is_unanswered FROM chosen_questions($from, $to, $chat, $week, $topic, $hour, $weekday)),
     periods AS (FROM periods_between((SELECT min(day) FROM chosen), (SELECT max(day) FROM chosen), $grain))
SELECT periods.period,
       period_name(periods.period, $grain) AS period_name,
       count(chosen.message_id) AS questions,
       count(*) FILTER (WHERE NOT chosen.is_unanswered) AS answered,
       count(*) FILTER (WHERE chosen.is_unanswered) AS unanswered,
       round(count(*) FILTER (WHERE NOT chosen.is_unanswered) / nullif(count(chosen.message_id), 0), 4) AS answer_rate,
       count(*) FILTER (WHERE is_solved_by_bot(chosen.answered_by, chosen.human_answer_seconds, chosen.outcome)) AS solved_by_bot,
       count(*) FILTER (WHERE is_handed_over(chosen.bot_answer_seconds, chosen.human_answer_seconds, chosen.outcome)) AS handed_over,
       count(chosen.repeats_message_id) AS repeated,
       count(*) FILTER (WHERE chosen.sla_breached) AS sla_breaches
FROM periods
LEFT JOIN chosen ON chosen.period = periods.period
GROUP BY periods.period
ORDER BY periods.period
