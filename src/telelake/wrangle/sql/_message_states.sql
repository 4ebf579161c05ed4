-- Every state of every message. `messages` and `message_versions` are cuts of it.
SELECT payloads.* EXCLUDE (kind, extra, notes, chat, person, filename, sha256, record_id), payloads.message_kind AS kind,
       payloads.record_id AS raw, states.version, states.versions,
       states.version = states.versions AS is_latest
FROM payloads
JOIN states ON states.rid = payloads.rid
