-- title.en: Average length per person per day
-- title.pt: Tamanho médio por pessoa por dia
-- definition.en: Average number of characters (Unicode code points of text or caption) of the messages that have any, for each of the seven people who wrote most in the selection, by lake day (in the lake's time zone), and for all others together (a row without a person). Messages without text or caption are left out, so are bots, messages sent in the name of a chat, and service messages. A day without such a message has no average and no row.
-- definition.pt: Média de caracteres (pontos de código Unicode do texto ou legenda) das mensagens que têm algum, para cada uma das sete pessoas que mais escreveram na seleção, por dia do lago (no fuso do lago), e para as demais juntas (linha sem pessoa). Mensagens sem texto nem legenda ficam de fora, assim como bots, mensagens enviadas em nome de um chat e mensagens de serviço. Um dia sem tal mensagem não tem média nem linha.
-- group: people
-- order: 30
-- chart: heatmap x=day y=person color=average_length order=rank
-- params: from, to, chat, week, who, hour, weekday
-- based_on: messages
-- rows: messages day user_id=person_id
WITH totals AS (SELECT person_id, sum(messages) AS messages FROM chosen_voices($from, $to, $chat, $week, $who, $hour, $weekday) GROUP BY person_id),
     -- Only the seven are told apart: to number all people for each day takes ten times as long.
     ranked AS MATERIALIZED (SELECT person_id, row_number() OVER (ORDER BY messages DESC, person_id) AS place
                             FROM totals ORDER BY messages DESC, person_id LIMIT 7),
     averages AS (SELECT said.day,
                         coalesce(ranked.place, 8) AS rank,
                         max(ranked.person_id) AS user_id,
                         round(sum(said.characters) / sum(said.texts), 1) AS average_length,
                         CAST(sum(said.texts) AS BIGINT) AS messages
                  FROM chosen_voices($from, $to, $chat, $week, $who, $hour, $weekday) AS said
                  LEFT JOIN ranked ON ranked.person_id = said.person_id
                  WHERE said.texts > 0
                  GROUP BY 1, 2)
SELECT averages.day,
       averages.rank,
       averages.user_id,
       CASE WHEN averages.user_id IS NOT NULL THEN coalesce(names.person, '#' || averages.user_id) END AS person,
       averages.average_length,
       averages.messages
FROM averages
LEFT JOIN people_names() AS names ON names.user_id = averages.user_id
ORDER BY averages.day, averages.rank
