-- title.en: Hashtags
-- title.pt: Hashtags usadas
-- definition.en: Hashtags and cashtags as Telegram marked them, in lower case: the messages that have each, and the different people who used it. Service messages are left out; bots' messages count, though bots are no people. The 50 most used.
-- definition.pt: Hashtags e cashtags como o Telegram as marcou, em minúsculas: as mensagens que têm cada uma, e as pessoas diferentes que a usaram. Mensagens de serviço ficam de fora; as de bots contam, embora bots não sejam pessoas. As 50 mais usadas.
-- group: content
-- order: 30
-- chart: bar x=messages y=hashtag
-- params: from, to, chat, week, who, hour, weekday
-- rows: entities hashtag=lower(value)
-- rows.where: type IN ('hashtag', 'cashtag')
WITH tags AS (SELECT DISTINCT lower(value) AS hashtag, account_id, posted_chat_id, message_id, person_id
              FROM chosen_entities($from, $to, $chat, $week, $who, $hour, $weekday) WHERE type IN ('hashtag', 'cashtag'))
SELECT hashtag, count(*) AS messages, count(DISTINCT person_id) AS people
FROM tags
GROUP BY hashtag
ORDER BY 2 DESC, 1
LIMIT 50
