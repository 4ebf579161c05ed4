-- title.en: Who answers whom
-- title.pt: Quem responde a quem
-- definition.en: Replies by Telegram's own reply link, by who replied and to whom; a reply to oneself is left out, bots count on both sides. The 50 most frequent pairs. Answers without a reply link are not seen here: top helpers count those that the conversations found.
-- definition.pt: Respostas pelo vínculo de resposta do próprio Telegram, por quem respondeu e a quem; a resposta a si mesmo fica de fora, bots contam dos dois lados. Os 50 pares mais frequentes. Respostas sem esse vínculo não aparecem aqui: em quem mais ajuda contam as que as conversas acharam.
-- group: people
-- order: 70
-- chart: table
-- params: from, to, chat, week, who, hour, weekday
-- rows: messages replier_id=user_id replied_id=reply_to_user_id
WITH pairs AS (SELECT user_id, reply_to_user_id, count(*) AS replies FROM chosen_messages($from, $to, $chat, $week, $who, $hour, $weekday)
               WHERE user_id <> reply_to_user_id GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT 50)
SELECT coalesce(repliers.person, '#' || pairs.user_id) AS replier,
       coalesce(others.person, '#' || pairs.reply_to_user_id) AS replied,
       pairs.replies,
       pairs.user_id AS replier_id,
       pairs.reply_to_user_id AS replied_id
FROM pairs
LEFT JOIN people_names() AS repliers ON repliers.user_id = pairs.user_id
LEFT JOIN people_names() AS others ON others.user_id = pairs.reply_to_user_id
ORDER BY pairs.replies DESC, pairs.user_id, pairs.reply_to_user_id
