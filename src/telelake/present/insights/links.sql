-- title.en: Links
-- title.pt: Links enviados
-- definition.en: Links that Telegram marked, written out or under a text, as they were written: how often each was sent, by how many different people, and on which lake day last. Bots' messages count. The 50 most sent.
-- definition.pt: Links que o Telegram marcou, escritos ou sob um texto, como foram escritos: quantas vezes cada um foi enviado, por quantas pessoas diferentes, e em que dia do lago por último. Mensagens de bots contam. Os 50 mais enviados.
-- group: content
-- order: 50
-- chart: table
-- params: from, to, chat, week, who, hour, weekday
-- rows: entities link=coalesce(url, value)
-- rows.where: type IN ('url', 'text_link')
SELECT coalesce(url, value) AS link, count(*) AS uses, count(DISTINCT person_id) AS people, max(day) AS last_message
FROM chosen_entities($from, $to, $chat, $week, $who, $hour, $weekday)
WHERE type IN ('url', 'text_link') AND coalesce(url, value) IS NOT NULL
GROUP BY 1
ORDER BY 2 DESC, 1
LIMIT 50
