-- title.en: Top helpers
-- title.pt: Quem mais ajuda
-- definition.en: Who gave the first answer to questions: how many, to how many different people, the median time from the question (half of the answers came within it), and how many ended confirmed by the person who asked. Bots are listed too; the role is the one at the latest answer, as an attendant may be learned late. The 50 who answered most.
-- definition.pt: Quem deu a primeira resposta a perguntas: quantas, a quantas pessoas diferentes, o tempo mediano desde a pergunta (metade das respostas veio em até ele), e quantas terminaram confirmadas por quem perguntou. Bots também aparecem; o papel é o da última resposta, pois um atendente pode ser reconhecido tarde. Os 50 que mais responderam.
-- group: people
-- order: 80
-- chart: table
-- params: from, to, chat, week, topic, hour, weekday
-- based_on: answers
-- rows: questions user_id=answer_user_id
-- rows.confirmed: outcome = 'confirmed'
WITH placed AS (SELECT answer_user_id, answered_by, asked_at, user_id, outcome, answer_seconds
                FROM chosen_questions($from, $to, $chat, $week, $topic, $hour, $weekday) WHERE answer_user_id IS NOT NULL AND answer_seconds IS NOT NULL)
SELECT placed.answer_user_id AS user_id,
       coalesce(max(names.person), '#' || placed.answer_user_id) AS person,
       arg_max(placed.answered_by, placed.asked_at) AS role,
       count(*) AS answers,
       count(DISTINCT placed.user_id) AS helped_people,
       within(placed.answer_seconds, 0.5) AS median_seconds,
       count(*) FILTER (WHERE placed.outcome = 'confirmed') AS confirmed
FROM placed
LEFT JOIN people_names() AS names ON names.user_id = placed.answer_user_id
GROUP BY placed.answer_user_id
ORDER BY 4 DESC, 1
LIMIT 50
