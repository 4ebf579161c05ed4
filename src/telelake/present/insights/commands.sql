-- title.en: Commands
-- title.pt: Comandos
-- definition.en: Commands such as /start in messages, by their name in lower case, without the bot's name behind @: how often each was sent and by how many different people. Only people's messages unless who says otherwise. The 50 most used.
-- definition.pt: Comandos como /start em mensagens, pelo nome em minúsculas, sem o nome do bot depois de @: quantas vezes cada um foi enviado e por quantas pessoas diferentes. Só mensagens de pessoas, a não ser que who diga outra coisa. Os 50 mais usados.
-- group: bot
-- order: 10
-- chart: bar x=uses y=command
-- params: from, to, chat, week, who=people, hour, weekday
-- rows: entities command
SELECT command, count(*) AS uses, count(DISTINCT person_id) AS people
FROM chosen_entities($from, $to, $chat, $week, $who, $hour, $weekday)
WHERE command IS NOT NULL
GROUP BY command
ORDER BY 2 DESC, 1
LIMIT 50
