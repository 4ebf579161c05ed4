-- title.en: Support by attendant
-- title.pt: Atendimento por atendente
-- definition.en: First answers that attendants gave: how many, to how many people, the time within which half, and nine of ten, came, how many came after the SLA, and how many questions ended confirmed or came back. Who is an attendant is said by the settings, by admin status, or learned. The 50 with the most.
-- definition.pt: Primeiras respostas dadas por atendentes: quantas, a quantas pessoas, o tempo em que vieram a metade e nove de dez, quantas vieram depois do SLA, e quantas perguntas terminaram confirmadas ou voltaram. Quem é atendente dizem as configurações, o status de admin, ou o aprendizado. Os 50 com mais.
-- group: support
-- order: 110
-- chart: table
-- params: from, to, chat, week, topic, hour, weekday
-- based_on: answers
-- rows: questions user_id=answer_user_id
-- rows.where: answered_by = 'attendant'
-- rows.sla_breaches: sla_breached
-- rows.confirmed: outcome = 'confirmed'
-- rows.revoked: outcome = 'revoked'
WITH placed AS (SELECT *
                FROM chosen_questions($from, $to, $chat, $week, $topic, $hour, $weekday) WHERE answered_by = 'attendant' AND answer_seconds IS NOT NULL)
SELECT placed.answer_user_id AS user_id,
       coalesce(max(names.person), '#' || placed.answer_user_id) AS person,
       count(*) AS answers,
       count(DISTINCT placed.user_id) AS helped_people,
       within(placed.answer_seconds, 0.5) AS p50_seconds,
       within(placed.answer_seconds, 0.9) AS p90_seconds,
       breaches(placed.sla_breached) AS sla_breaches,
       count(*) FILTER (WHERE placed.outcome = 'confirmed') AS confirmed,
       count(*) FILTER (WHERE placed.outcome = 'revoked') AS revoked
FROM placed
LEFT JOIN people_names() AS names ON names.user_id = placed.answer_user_id
GROUP BY placed.answer_user_id
ORDER BY 3 DESC, 1
LIMIT 50
