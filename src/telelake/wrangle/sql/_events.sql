-- The payloads that are no messages, and the messages' facts that few messages have: what the tables of events open.
CREATE VIEW events AS
SELECT context_date, bot_id, received_at, record_id AS raw, ordinal, update_id, kind, event, chat_id, message_id, actor_id,
       occurred_at, account_of(bot_id, chat_id) AS account_id
FROM payloads
WHERE event IS NOT NULL;

CREATE VIEW message_facts AS
SELECT * FROM message_states WHERE is_latest AND facts IS NOT NULL;
