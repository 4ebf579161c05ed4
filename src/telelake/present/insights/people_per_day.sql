-- title.en: People per day
-- title.pt: Pessoas por dia
-- definition.en: Different people who wrote on each lake day (in the lake's time zone), and how many of them wrote in the chosen chat for the first time since the lake began. Bots and messages sent in the name of a chat (channel posts, anonymous admins) are left out, as are service messages. Days on which nobody wrote show 0.
-- definition.pt: Pessoas diferentes que escreveram em cada dia do lago (no fuso do lago), e quantas delas escreveram no chat escolhido pela primeira vez desde o início do lago. Bots e mensagens enviadas em nome de um chat (posts de canal, admins anônimos) ficam de fora, assim como mensagens de serviço. Dias em que ninguém escreveu aparecem com 0.
-- group: activity
-- chart: line x=day y=people
-- params: from, to, chat, week, who, hour, weekday
-- rows: messages day
-- rows.where: person_id IS NOT NULL
WITH chosen AS MATERIALIZED (SELECT day, person_id FROM chosen_messages($from, $to, $chat, $week, $who, $hour, $weekday) GROUP BY 1, 2),
     days AS (FROM days_between((SELECT min(day) FROM chosen), (SELECT max(day) FROM chosen))),
     debuts AS (SELECT person_id, min(day) AS day FROM chosen_messages(NULL, NULL, $chat, NULL)
                WHERE person_id IS NOT NULL GROUP BY person_id)
SELECT days.day,
       count(chosen.person_id) AS people,
       count(debuts.person_id) AS new_people
FROM days
LEFT JOIN chosen ON chosen.day = days.day
LEFT JOIN debuts ON debuts.person_id = chosen.person_id AND debuts.day = days.day
GROUP BY days.day
ORDER BY days.day
