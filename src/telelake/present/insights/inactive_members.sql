-- title.en: Members who fell silent
-- title.pt: Membros que se calaram
-- definition.en: People who once wrote in the chosen chat, have not left it, and have been silent for at least so many days (parameter silent) before the last day with a message: their last day, the days since, and how much they used to write. The 200 who wrote most. Members who never wrote are not known to a bot.
-- definition.pt: Pessoas que já escreveram no chat escolhido, não saíram dele, e estão em silêncio há pelo menos tantos dias (parâmetro silent) antes do último dia com mensagem: seu último dia, os dias desde então, e quanto escreviam. As 200 que mais escreveram. Membros que nunca escreveram um bot não conhece.
-- group: activity
-- order: 110
-- chart: table
-- params: to, chat, silent=30
-- rows: messages user_id=person_id
WITH seen AS MATERIALIZED (SELECT person_id, max(day) AS last_message, CAST(sum(messages) AS BIGINT) AS messages
                           FROM chosen_voices(NULL, $to, $chat, NULL, NULL, NULL, NULL) GROUP BY person_id),
     places AS (SELECT user_id, arg_max(change, occurred_at) AS change
                FROM chosen_memberships(NULL, $to, $chat, NULL, NULL, NULL)
                WHERE change IN ('joined', 'left', 'removed', 'banned') GROUP BY user_id),
     today AS (SELECT max(last_message) AS day FROM seen)
SELECT seen.person_id AS user_id,
       coalesce(names.person, '#' || seen.person_id) AS person,
       seen.last_message,
       date_diff('day', seen.last_message, today.day) AS days_silent,
       seen.messages
FROM seen
CROSS JOIN today
LEFT JOIN people_names() AS names ON names.user_id = seen.person_id
LEFT JOIN places ON places.user_id = seen.person_id
WHERE date_diff('day', seen.last_message, today.day) >= coalesce($silent, 30) AND coalesce(places.change, 'joined') = 'joined'
ORDER BY seen.messages DESC, seen.person_id
LIMIT 200
