-- title.en: Conversations
-- title.pt: Conversas
-- definition.en: Conversations (messages tied to one another, cut at 72 hours of silence) that began on the chosen days, at the chosen local hour: how many, how many of them hold a question, messages and people in each on average, the median time from first to last message, and the share in which a question was escalated to a human.
-- definition.pt: Conversas (mensagens ligadas umas às outras, cortadas a 72 horas de silêncio) que começaram nos dias escolhidos, na hora local escolhida: quantas, quantas têm pergunta, mensagens e pessoas em cada uma em média, o tempo mediano da primeira à última mensagem, e a parcela em que uma pergunta foi escalada a um humano.
-- group: support
-- order: 130
-- chart: figures
-- params: from, to, chat, week, hour, weekday
-- based_on: conversations
WITH placed AS (SELECT * FROM chosen_conversations($from, $to, $chat, $week, $hour, $weekday))
SELECT count(*) AS conversations,
       count(*) FILTER (WHERE questions > 0) AS with_questions,
       round(avg(messages), 1) AS messages_each,
       round(avg(people), 1) AS people_each,
       within(seconds, 0.5) AS median_seconds,
       share_of(handed_over) AS escalation_rate
FROM placed
