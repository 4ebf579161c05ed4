-- A message that several exports hold, word for word, or one record that lies in raw twice; the first of them wins.
CREATE TABLE exported_twice AS
WITH crowd AS (
    SELECT context_date, account_id, chat_id, message_id, body_hash
    FROM records
    WHERE kind = 'export_message'
    GROUP BY ALL
    HAVING count(*) > 1
), same AS (
    SELECT records.context_date, records.account_id, records.chat_id, records.message_id, records.body_hash,
           records.record_id, records.rowid AS rid,
           row_number() OVER (
               PARTITION BY records.context_date, records.account_id, records.chat_id, records.message_id, records.body_hash
               ORDER BY records.direction DESC, records.received_at, records.record_id, records.rowid) AS position
    FROM records
    JOIN crowd
      ON  crowd.context_date = records.context_date
      AND crowd.account_id = records.account_id
      AND crowd.chat_id = records.chat_id
      AND crowd.message_id IS NOT DISTINCT FROM records.message_id
      AND crowd.body_hash = records.body_hash
    WHERE records.kind = 'export_message'
)
SELECT context_date, body_hash, count(*) AS copies, count(DISTINCT record_id) AS deliveries,
       arg_min(rid, position) AS first_rid, list(rid) AS rids
FROM same
GROUP BY context_date, account_id, chat_id, message_id, body_hash;

INSERT INTO repeats BY NAME SELECT * FROM exported_twice;

INSERT INTO duplicates SELECT rid FROM (SELECT first_rid, unnest(rids) AS rid FROM exported_twice) WHERE rid <> first_rid;
