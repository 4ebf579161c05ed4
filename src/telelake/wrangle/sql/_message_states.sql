-- Every state of every message. `messages` and `message_versions` are cuts of it.
SELECT payloads.* EXCLUDE (kind), payloads.message_kind AS kind, states.version, states.versions,
       states.version = states.versions AS is_latest
FROM payloads
JOIN states ON states.rid = payloads.rid
