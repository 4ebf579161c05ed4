-- title.en: Still waiting
-- title.pt: Ainda esperando
-- definition.en: Questions that nobody has answered, and that nobody has marked as solved, the longest waiting first, with how long they had waited when the lake's last message came (not when you look: a lake knows nothing later). The 200 that wait longest.
-- definition.pt: Perguntas que ninguém respondeu, nem foram marcadas como resolvidas, a que espera há mais tempo primeiro, com quanto esperavam quando veio a última mensagem do lago (não quando você olha: um lago não sabe de nada depois). As 200 que esperam há mais tempo.
-- group: support
-- order: 50
-- chart: table
-- params: from, to, chat, week, topic, hour, weekday
-- rows: questions question_id
WITH until AS (SELECT max(sent_at) AS at FROM messages),
     waiting AS (SELECT * FROM chosen_questions($from, $to, $chat, $week, $topic, $hour, $weekday) WHERE is_unanswered(answered_by, outcome) ORDER BY asked_at, message_id LIMIT 200)
SELECT waiting.asked_at,
       date_diff('second', waiting.asked_at, until.at) AS waiting_seconds,
       coalesce(names.person, '#' || waiting.user_id) AS person,
       coalesce(chats.title, '#' || waiting.chat_id) AS chat,
       waiting.topic,
       waiting.words AS text,
       waiting.sla_breached,
       waiting.question_id,
       waiting.user_id,
       waiting.posted_chat_id AS chat_id,
       waiting.message_id
FROM waiting
CROSS JOIN until
LEFT JOIN people_names() AS names ON names.user_id = waiting.user_id
LEFT JOIN chats ON chats.chat_id = waiting.chat_id
ORDER BY waiting.asked_at, waiting.message_id
