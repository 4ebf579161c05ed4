-- title.en: Domains of links
-- title.pt: Domínios dos links
-- definition.en: Hosts that links point to (in lower case, without www), how many links, and the different people who sent them. Links are those that Telegram marked, written out or under a text; bots' messages count. The 50 most linked.
-- definition.pt: Domínios a que os links apontam (em minúsculas, sem www), quantos links, e as pessoas diferentes que os enviaram. Links são os que o Telegram marcou, escritos ou sob um texto; mensagens de bots contam. Os 50 mais citados.
-- group: content
-- order: 40
-- chart: bar x=uses y=domain
-- params: from, to, chat, week, who, hour, weekday
-- rows: entities domain
SELECT domain, count(*) AS uses, count(DISTINCT person_id) AS people
FROM chosen_entities($from, $to, $chat, $week, $who, $hour, $weekday)
WHERE domain IS NOT NULL
GROUP BY domain
ORDER BY 2 DESC, 1
LIMIT 50
