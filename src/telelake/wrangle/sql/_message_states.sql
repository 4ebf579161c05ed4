-- Every state of every message. `messages` and `message_versions` are cuts of it.
WITH opened AS (
    SELECT *, file_of(media) AS content, origin_of(origin) AS forward FROM payloads WHERE is_message
)
SELECT opened.* EXCLUDE (direction, kind, kinds, has_form, is_known, extra, notes, chat, person, file, body_hash, is_hashed, record_id, media,
                         origin, content, forward),
       opened.message_kind AS kind,
       opened.record_id AS raw,
       coalesce(states.told_direction, opened.direction) AS direction,
       person.id AS user_id,
       nullif(concat_ws(' ', nullif(person.first_name, ''), nullif(person.last_name, '')), '') AS sender_name,
       person.username AS sender_username,
       person.is_bot AS is_bot,
       chat.type AS chat_type,
       forward.type AS forward_kind,
       instant(forward.date) AS forward_sent_at,
       forward.sender_user.id AS forward_user_id,
       forward.sender_user_name AS forward_sender_name,
       coalesce(forward.sender_chat.id, forward.chat.id) AS forward_chat_id,
       forward.message_id AS forward_message_id,
       content.file_unique_id AS file_unique_id,
       content.file_name AS file_name,
       content.mime_type AS mime_type,
       content.file_size AS file_bytes,
       content.duration AS duration_seconds,
       content.width AS width,
       content.height AS height,
       content.emoji AS sticker_emoji,
       content.set_name AS sticker_set,
       coalesce(states.version, 1) AS version,
       coalesce(states.versions, 1) AS versions,
       coalesce(states.version = states.versions, true) AS is_latest
FROM opened
LEFT JOIN states ON states.rid = opened.rid
WHERE coalesce(states.kept, true)
