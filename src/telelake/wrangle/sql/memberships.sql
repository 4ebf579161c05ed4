-- What several bots see of one change is one row: the account's own update (my_chat_member) before another's. A join or
-- leave that a service message tells too is the update's row, with the message's number.
WITH opened AS (
    SELECT *, event_of_memberships(event) AS e FROM events WHERE kind IN ('chat_member', 'my_chat_member')
), stood AS (
    SELECT *, coalesce(e.new_chat_member."user", e.old_chat_member."user") AS member,
           is_in_chat(e.old_chat_member) AS was_member, is_in_chat(e.new_chat_member) AS is_member
    FROM opened
), changed AS (
    SELECT *
    FROM stood
    QUALIFY row_number() OVER (
        PARTITION BY context_date, chat_id, e.date, member.id, e."from".id, as_words(e.old_chat_member),
                     as_words(e.new_chat_member),
                     CASE WHEN chat_id IS NULL OR e.date IS NULL OR member.id IS NULL THEN concat_ws('/', raw, ordinal) END
        ORDER BY kind DESC, received_at, raw, ordinal) = 1
), worded AS (
    SELECT *, change_of(e.old_chat_member.status, e.new_chat_member.status, was_member, is_member, e."from".id = member.id) AS change
    FROM changed
), messaged AS (
    SELECT *, facts_of_memberships(facts) AS f
    FROM message_facts
    WHERE kind IN ('new_chat_members', 'left_chat_member')
), told AS (
    SELECT *, unnest(CASE kind WHEN 'left_chat_member' THEN [f.left_chat_member] ELSE f.new_chat_members END) AS member,
           generate_subscripts(CASE kind WHEN 'left_chat_member' THEN [f.left_chat_member] ELSE f.new_chat_members END, 1) AS position
    FROM messaged
), said AS (
    SELECT *, CASE WHEN kind = 'new_chat_members' THEN 'joined'
                   WHEN coalesce(user_id = member.id, concat_ws(' ', member.first_name, member.last_name) = sender_name) THEN 'left'
                   ELSE 'removed' END AS change
    FROM told
), paired AS (
    SELECT worded.raw AS update_raw, worded.ordinal AS update_ordinal, said.raw, said.ordinal, said.position, said.message_id,
           row_number() OVER (PARTITION BY worded.raw, worded.ordinal ORDER BY said.message_id, said.raw, said.ordinal, said.position) AS place
    FROM said
    JOIN worded
      ON  worded.context_date = said.context_date
      AND worded.chat_id = said.chat_id
      AND worded.member.id = said.member.id
      AND (worded.is_member AND NOT worded.was_member) = (said.kind = 'new_chat_members')
      AND (worded.was_member AND NOT worded.is_member) = (said.kind = 'left_chat_member')
    WHERE abs(epoch(said.sent_at) - worded.e.date) <= 5
)
SELECT worded.context_date, bot_id, received_at, worded.raw, worded.ordinal,
       1 AS position,
       kind AS seen_in,
       chat_id,
       e.chat.type AS chat_type,
       paired.message_id AS message_id,
       member.id AS user_id,
       nullif(concat_ws(' ', member.first_name, member.last_name), '') AS user_name,
       member.username AS username,
       member.is_bot AS is_bot,
       e."from".id AS actor_id,
       instant(e.date) AS occurred_at,
       change,
       e.old_chat_member.status AS old_status,
       e.new_chat_member.status AS new_status,
       was_member,
       is_member,
       CASE WHEN e.old_chat_member IS NOT NULL THEN rights_of(e.old_chat_member) END AS old_rights,
       CASE WHEN e.new_chat_member IS NOT NULL THEN rights_of(e.new_chat_member) END AS new_rights,
       instant(e.new_chat_member.until_date) AS until,
       e.new_chat_member.custom_title AS custom_title,
       e.new_chat_member.tag AS tag,
       e.new_chat_member.is_anonymous AS is_anonymous,
       e.invite_link.invite_link AS invite_link,
       e.invite_link.name AS invite_link_name,
       e.invite_link.creator.id AS invite_link_creator_id,
       e.via_join_request AS via_join_request,
       e.via_chat_folder_invite_link AS via_folder_link
FROM worded
LEFT JOIN paired ON paired.update_raw = worded.raw AND paired.update_ordinal = worded.ordinal AND paired.place = 1
UNION ALL BY NAME
SELECT context_date, bot_id, received_at, raw, ordinal,
       position,
       kind AS seen_in,
       chat_id,
       chat_type,
       message_id,
       member.id AS user_id,
       nullif(concat_ws(' ', member.first_name, member.last_name), '') AS user_name,
       member.username AS username,
       member.is_bot AS is_bot,
       user_id AS actor_id,
       sent_at AS occurred_at,
       change,
       kind = 'left_chat_member' AS was_member,
       kind = 'new_chat_members' AS is_member
FROM said
WHERE NOT EXISTS (
    SELECT 1 FROM paired WHERE paired.raw = said.raw AND paired.ordinal = said.ordinal AND paired.position = said.position)
