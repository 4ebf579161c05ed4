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
WITH chosen AS MATERIALIZED (SELECT day, person_id, sum(messages) AS messages, sum(characters) AS characters, sum(texts) AS texts
                             FROM chosen_voices($from, $to, $chat, $week, $who, $hour, $weekday) GROUP BY 1, 2),
     ranked AS (SELECT person_id, row_number() OVER (ORDER BY sum(messages) DESC, person_id) AS place
                FROM chosen GROUP BY person_id),
     averages AS (SELECT chosen.day,
                         least(ranked.place, 8) AS rank,
                         any_value(chosen.person_id) FILTER (ranked.place < 8) AS user_id,
                         round(sum(chosen.characters) / sum(chosen.texts), 1) AS average_length,
                         CAST(sum(chosen.texts) AS BIGINT) AS messages
                  FROM chosen JOIN ranked ON ranked.person_id = chosen.person_id
                  WHERE chosen.texts > 0
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
