-- title.en: How fast people reply
-- title.pt: Em quanto tempo se responde
-- definition.en: For each person or bot: replies (by Telegram's reply link, to somebody else), and the time from the message to its reply: half came within the median, nine of ten within P90 (the nearest reply's own time, nothing interpolated). Replies to messages that the lake does not have are left out. The 50 who replied most.
-- definition.pt: De cada pessoa ou bot: respostas (pelo vínculo do Telegram, a outra pessoa), e o tempo da mensagem até a resposta: metade veio em até a mediana, nove de dez em até o P90 (o tempo de uma resposta real, nada interpolado). Respostas a mensagens que o lago não tem ficam de fora. Os 50 que mais responderam.
-- group: people
-- order: 90
-- chart: table
-- params: from, to, chat, week, who, hour, weekday
-- based_on: replies
-- rows: messages user_id
-- rows.where: user_id <> reply_to_user_id
WITH replies AS (SELECT chosen.user_id, date_diff('second', messages.sent_at, chosen.sent_at) AS seconds
                 FROM chosen_messages($from, $to, $chat, $week, $who, $hour, $weekday) AS chosen
                 JOIN messages ON messages.account_id = chosen.account_id AND messages.chat_id = chosen.posted_chat_id
                      AND messages.message_id = chosen.reply_to_message_id
                 WHERE chosen.user_id <> chosen.reply_to_user_id AND messages.sent_at <= chosen.sent_at),
     placed AS (SELECT user_id, seconds FROM replies)
SELECT placed.user_id,
       coalesce(max(names.person), '#' || placed.user_id) AS person,
       count(*) AS replies,
       within(placed.seconds, 0.5) AS median_seconds,
       within(placed.seconds, 0.9) AS p90_seconds
FROM placed
LEFT JOIN people_names() AS names ON names.user_id = placed.user_id
GROUP BY placed.user_id
ORDER BY 3 DESC, 1
LIMIT 50
