-- title.en: Longest messages
-- title.pt: Mensagens mais longas
-- definition.en: The 20 longest messages of the selection by characters (Unicode code points of text or caption), with who wrote them, where and when. Service messages are left out; those of bots count. Ties by the time of sending.
-- definition.pt: As 20 mensagens mais longas da seleção em caracteres (pontos de código Unicode do texto ou legenda), com quem escreveu, onde e quando. Mensagens de serviço ficam de fora; as de bots contam. Em empate vale a mais antiga.
-- group: people
-- order: 60
-- chart: table
-- params: from, to, chat, week, who, hour, weekday
-- rows: messages chat_id=posted_chat_id message_id
WITH longest AS (SELECT sent_at, chat_id, posted_chat_id, message_id, user_id, length, words
                 FROM chosen_messages($from, $to, $chat, $week, $who, $hour, $weekday) WHERE length > 0 ORDER BY length DESC, sent_at, message_id LIMIT 20)
SELECT longest.sent_at,
       coalesce(names.person, '#' || longest.user_id) AS person,
       coalesce(chats.title, '#' || longest.chat_id) AS chat,
       longest.length,
       longest.words AS text,
       longest.user_id,
       longest.posted_chat_id AS chat_id,
       longest.message_id
FROM longest
LEFT JOIN people_names() AS names ON names.user_id = longest.user_id
LEFT JOIN chats ON chats.chat_id = longest.chat_id
ORDER BY longest.length DESC, longest.sent_at, longest.message_id
