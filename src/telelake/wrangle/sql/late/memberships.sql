-- A change that several bots saw, and a join or leave that a service message tells too, are one row also where one of them
-- came late.
WITH changed AS (
    SELECT * REPLACE (max(message_id) OVER same AS message_id)
    FROM both_memberships
    WHERE seen_in IN ('chat_member', 'my_chat_member')
    WINDOW same AS (
        PARTITION BY context_date, chat_id, occurred_at, user_id, actor_id, old_status, new_status, was_member, is_member,
                     old_rights, new_rights, until, custom_title, tag, is_anonymous,
                     CASE WHEN chat_id IS NULL OR occurred_at IS NULL OR user_id IS NULL THEN concat_ws('/', raw, ordinal) END)
    QUALIFY row_number() OVER (same ORDER BY seen_in DESC, received_at, raw, ordinal) = 1
), said AS (
    SELECT *
    FROM both_memberships
    WHERE seen_in NOT IN ('chat_member', 'my_chat_member') AND NOT EXISTS (
        SELECT 1
        FROM outdated
        WHERE outdated.context_date = both_memberships.context_date AND outdated.raw = both_memberships.raw
          AND outdated.message_id = both_memberships.message_id)
), paired AS (
    SELECT changed.context_date, changed.raw AS update_raw, changed.ordinal AS update_ordinal, said.raw, said.ordinal, said.position,
           said.message_id
    FROM said
    JOIN changed
      ON  changed.context_date = said.context_date
      AND changed.chat_id = said.chat_id
      AND changed.user_id = said.user_id
      AND (changed.is_member AND NOT changed.was_member) = (said.seen_in = 'new_chat_members')
      AND (changed.was_member AND NOT changed.is_member) = (said.seen_in = 'left_chat_member')
    WHERE abs(epoch(said.occurred_at) - epoch(changed.occurred_at)) <= 5
)
SELECT changed.* REPLACE (coalesce(changed.message_id, (
           SELECT min(paired.message_id) FROM paired
           WHERE paired.update_raw = changed.raw AND paired.update_ordinal = changed.ordinal)) AS message_id)
FROM changed
UNION ALL BY NAME
SELECT *
FROM said
WHERE NOT EXISTS (
    SELECT 1 FROM paired WHERE paired.raw = said.raw AND paired.ordinal = said.ordinal AND paired.position = said.position)
