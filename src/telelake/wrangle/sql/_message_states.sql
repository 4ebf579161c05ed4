-- Every state of every message. `messages` and `message_versions` are cuts of it.
SELECT payloads.* EXCLUDE (kind, kinds, has_form, extra, notes, chat, person, file, body_hash, is_hashed, record_id),
       payloads.message_kind AS kind,
       payloads.record_id AS raw,
       coalesce(states.version, 1) AS version,
       coalesce(states.versions, 1) AS versions,
       coalesce(states.version = states.versions, true) AS is_latest
FROM payloads
LEFT JOIN states ON states.rid = payloads.rid
WHERE payloads.is_message AND coalesce(states.kept, true)
