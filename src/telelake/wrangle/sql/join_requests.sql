-- Several bots that may let people in see the same request, which is one row.
WITH opened AS (
    SELECT *, event_of_join_requests(event) AS e FROM events WHERE kind = 'chat_join_request'
)
SELECT context_date, bot_id, received_at, raw, ordinal,
       chat_id,
       e."from".id AS user_id,
       e.user_chat_id AS user_chat_id,
       instant(e.date) AS occurred_at,
       e.bio AS bio,
       e.invite_link.invite_link AS invite_link,
       e.invite_link.name AS invite_link_name,
       e.invite_link.creator.id AS invite_link_creator_id,
       e.query_id AS query_id
FROM opened
QUALIFY row_number() OVER (
    PARTITION BY context_date, chat_id, e."from".id, e.date,
                 CASE WHEN chat_id IS NULL OR e."from".id IS NULL OR e.date IS NULL THEN concat_ws('/', raw, ordinal) END
    ORDER BY received_at, raw, ordinal) = 1
