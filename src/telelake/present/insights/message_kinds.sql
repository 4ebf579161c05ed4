-- title.en: Kinds of messages
-- title.pt: Tipos de mensagens
-- definition.en: Messages by what they are (text, photo, voice, …), and their share of all. The kind is the Bot API's name of the message's content. Service messages are left out; those of bots count.
-- definition.pt: Mensagens pelo que são (texto, foto, voz, …), e sua parcela do total. O tipo é o nome do conteúdo da mensagem na Bot API. Mensagens de serviço ficam de fora; as de bots contam.
-- group: activity
-- order: 100
-- chart: bar x=messages y=kind
-- params: from, to, chat, week, who, hour, weekday
-- based_on: messages
-- rows: messages kind
SELECT kind,
       count(*) AS messages,
       round(count(*) / sum(count(*)) OVER (), 4) AS share
FROM chosen_messages($from, $to, $chat, $week, $who, $hour, $weekday)
GROUP BY kind
ORDER BY messages DESC, kind
