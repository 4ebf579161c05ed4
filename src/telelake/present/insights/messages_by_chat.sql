-- title.en: Messages by chat
-- title.pt: Mensagens por chat
-- definition.en: Messages of each chat, a basic group and the supergroup that it became together, with their share of all and the last lake day with a message. Service messages are left out; those of bots count. The 50 with the most.
-- definition.pt: Mensagens de cada chat, o grupo e o supergrupo em que se transformou juntos, com sua parcela do total e o último dia do lago com mensagem. Mensagens de serviço ficam de fora; as de bots contam. Os 50 com mais.
-- group: activity
-- order: 90
-- chart: bar x=messages y=chat
-- params: from, to, chat, week, who, hour, weekday
-- based_on: messages
-- rows: messages chat_id
WITH counts AS (SELECT chat_id, CAST(sum(messages) AS BIGINT) AS messages, max(day) AS last_message
                FROM chosen_hours($from, $to, $chat, $week, $who, $hour, $weekday) WHERE messages > 0 GROUP BY chat_id)
SELECT counts.chat_id,
       coalesce(chats.title, '#' || counts.chat_id) AS chat,
       counts.messages,
       round(counts.messages / sum(counts.messages) OVER (), 4) AS share,
       counts.last_message
FROM counts
LEFT JOIN chats ON chats.chat_id = counts.chat_id
ORDER BY counts.messages DESC, counts.chat_id
LIMIT 50
