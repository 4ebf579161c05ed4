-- title.en: People active over time
-- title.pt: Pessoas ativas ao longo do tempo
-- definition.en: Different people who wrote in each period (by the parameter grain: with day, week and month the daily, weekly and monthly active), how many of them wrote in the chosen chat for the first time since the lake began, and how many had written there before. Bots, messages sent in the name of a chat, and service messages are left out. Periods without anybody show 0.
-- definition.pt: Pessoas diferentes que escreveram em cada período (conforme o parâmetro grain: com day, week e month, as ativas por dia, semana e mês), quantas delas escreveram no chat escolhido pela primeira vez desde o início do lago, e quantas já tinham escrito. Bots, mensagens enviadas em nome de um chat e mensagens de serviço ficam de fora. Períodos sem ninguém aparecem com 0.
-- group: activity
-- order: 30
-- chart: line x=period y=people,new_people
-- params: from, to, chat, week, who=people, hour, weekday, grain=day
-- rows: messages period=period_of(day, hour, $grain)
-- rows.where: person_id IS NOT NULL
WITH chosen AS MATERIALIZED (SELECT period_of(day, hour, $grain) AS period, person_id, min(day) AS first_day, max(day) AS last_day
                             FROM chosen_voices($from, $to, $chat, $week, $who, $hour, $weekday) GROUP BY 1, 2),
     periods AS (FROM periods_between((SELECT min(first_day) FROM chosen), (SELECT max(last_day) FROM chosen), $grain)),
     debuts AS (SELECT person_id, min(period_of(day, hour, $grain)) AS period
                FROM chosen_voices(NULL, NULL, $chat, NULL, NULL, NULL, NULL) GROUP BY person_id)
SELECT periods.period,
       period_name(periods.period, $grain) AS period_name,
       count(chosen.person_id) AS people,
       count(debuts.person_id) AS new_people,
       count(chosen.person_id) - count(debuts.person_id) AS returning_people
FROM periods
LEFT JOIN chosen ON chosen.period = periods.period
LEFT JOIN debuts ON debuts.person_id = chosen.person_id AND debuts.period = chosen.period
GROUP BY periods.period
ORDER BY periods.period
