-- title.en: How unequal is taking part?
-- title.pt: Quão desigual é a participação?
-- definition.en: People who wrote and their messages; the Gini index of messages per person (0: all wrote the same; near 1: one wrote nearly all); the share of all messages that the most active tenth of the people wrote (rounded up to whole people); and how many of the most active together wrote at least half. Only people who wrote are counted: silent members are not known.
-- definition.pt: Pessoas que escreveram e suas mensagens; o índice de Gini das mensagens por pessoa (0: todas escreveram igual; perto de 1: uma escreveu quase tudo); a parcela das mensagens escrita pelo décimo mais ativo das pessoas (arredondado para cima); e quantas das mais ativas escreveram juntas ao menos a metade. Só contam pessoas que escreveram: membros calados não são conhecidos.
-- group: people
-- order: 40
-- chart: figures
-- params: from, to, chat, week, who=people, hour, weekday
-- based_on: messages
-- rows: messages
-- rows.where: person_id IS NOT NULL
WITH people AS (SELECT person_id, CAST(sum(messages) AS BIGINT) AS messages FROM chosen_voices($from, $to, $chat, $week, $who, $hour, $weekday) GROUP BY person_id),
     ranked AS (SELECT messages, row_number() OVER (ORDER BY messages DESC, person_id) AS place,
                       sum(messages) OVER (ORDER BY messages DESC, person_id ROWS UNBOUNDED PRECEDING) AS so_far,
                       count(*) OVER () AS people, sum(messages) OVER () AS total
                FROM people)
SELECT count(*) AS people,
       CAST(coalesce(sum(messages), 0) AS BIGINT) AS messages,
       round((max(people) + 1 - sum(place * messages) * 2 / max(total)) / max(people), 4) AS gini,
       round(sum(messages) FILTER (WHERE place * 10 < people + 10) / max(total), 4) AS top_tenth_share,
       count(*) FILTER (WHERE (so_far - messages) * 2 < total) AS people_of_half
FROM ranked
