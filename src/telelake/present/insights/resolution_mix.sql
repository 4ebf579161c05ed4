-- title.en: How questions end
-- title.pt: Como as perguntas terminam
-- definition.en: Questions by their outcome: confirmed (thanks or another positive sign of the asker), assumed (left without asking more), revoked (came back with the same), escalated (asked for a human, or a human took over, and somebody answered), unanswered (nobody answered, whether or not a human was asked for), or open (answered, too early to tell); with the share of each and how many the bot answered first.
-- definition.pt: Perguntas por desfecho: confirmada (agradecimento ou outro sinal positivo de quem perguntou), suposta resolvida (saiu sem perguntar mais), revogada (voltou com a mesma), escalada (pediu um humano, ou um assumiu, e alguém respondeu), sem resposta (ninguém respondeu, tenha-se ou não pedido um humano), ou aberta (respondida, cedo para dizer); com a parcela de cada e quantas o bot respondeu primeiro.
-- group: support
-- order: 90
-- chart: bar x=questions y=outcome
-- params: from, to, chat, week, topic, hour, weekday
-- based_on: questions
-- rows: questions outcome=ending(answered_by, outcome)
-- rows.answered_by_bot: answered_by = 'bot'
SELECT ending(answered_by, outcome) AS outcome,
       count(*) AS questions,
       round(count(*) / sum(count(*)) OVER (), 4) AS share,
       seen_count(answered_by = 'bot', is_seen) AS answered_by_bot
FROM chosen_questions($from, $to, $chat, $week, $topic, $hour, $weekday)
GROUP BY 1
ORDER BY 2 DESC, 1
