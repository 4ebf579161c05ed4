-- title.en: Who takes part
-- title.pt: Quem participa
-- definition.en: For each person: messages and their share of all people's, characters (Unicode code points of texts and captions), the average of the messages that have any, and the lake days on which the person wrote. Bots, messages in the name of a chat and service messages are left out. The 100 who wrote most; ties by the smaller id.
-- definition.pt: De cada pessoa: mensagens e sua parcela das de todas as pessoas, caracteres (pontos de código Unicode de textos e legendas), a média das mensagens que têm algum, e os dias do lago em que escreveu. Bots, mensagens em nome de um chat e mensagens de serviço ficam de fora. As 100 que mais escreveram; em empate vale o menor id.
-- group: people
-- order: 10
-- chart: table
-- params: from, to, chat, week, who=people, hour, weekday
-- based_on: messages
-- rows: messages user_id=person_id
WITH people AS (SELECT person_id, CAST(sum(messages) AS BIGINT) AS messages, CAST(sum(characters) AS BIGINT) AS characters,
                       round(sum(characters) / nullif(sum(texts), 0), 1) AS average_length, count(DISTINCT day) AS days
                FROM chosen_voices($from, $to, $chat, $week, $who, $hour, $weekday) GROUP BY person_id)
SELECT people.person_id AS user_id,
       coalesce(names.person, '#' || people.person_id) AS person,
       people.messages,
       round(people.messages / sum(people.messages) OVER (), 4) AS share,
       people.characters,
       people.average_length,
       people.days
FROM people
LEFT JOIN people_names() AS names ON names.user_id = people.person_id
ORDER BY people.messages DESC, people.person_id
LIMIT 100
