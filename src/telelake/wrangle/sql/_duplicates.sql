-- A duplicate is the same record_id, or the same (bot, update_id, body hash), also of the day before; the earliest wins.
CREATE TABLE repeats AS
WITH crowd AS (
    -- Nearly every update came once; only the others are worth a sort.
    SELECT context_date, bot_id, update_id
    FROM records
    WHERE ordinal = 0
    GROUP BY ALL
    HAVING count(*) > 1
), same AS (
    SELECT records.context_date, records.bot_id, records.update_id, records.body_hash, records.record_id, records.rowid AS rid,
           row_number() OVER sorted AS position
    FROM records
    JOIN crowd
      ON  crowd.context_date = records.context_date
      AND crowd.bot_id = records.bot_id
      AND crowd.update_id = records.update_id
    WHERE records.ordinal = 0
    WINDOW sorted AS (
        PARTITION BY records.context_date, records.bot_id, records.update_id, records.body_hash
        ORDER BY records.received_at, records.record_id, records.rowid)
)
SELECT context_date, bot_id, update_id, body_hash, count(*) AS copies, count(DISTINCT record_id) AS deliveries,
       arg_min(rid, position) AS first_rid, list(rid) AS rids
FROM same
GROUP BY ALL
HAVING count(*) > 1;

CREATE TABLE duplicates AS
SELECT rid FROM (SELECT first_rid, unnest(rids) AS rid FROM repeats) WHERE rid <> first_rid
UNION
SELECT records.rowid
FROM records
JOIN earlier
  ON  earlier.context_date = records.context_date
  AND earlier.bot_id = records.bot_id
  AND earlier.update_id = records.update_id
  AND earlier.body_hash = records.body_hash
WHERE records.ordinal = 0 AND records.is_dated IS DISTINCT FROM true;

-- A body with several kinds lies in several rows of one file; its further payloads go the way of its first. Where it lies
-- twice in the file, as many of each stay as there are firsts that do.
INSERT INTO duplicates
WITH further AS (
    SELECT context_date, record_id, file, rowid AS rid,
           row_number() OVER (PARTITION BY context_date, record_id, file, ordinal ORDER BY rowid) AS position
    FROM records
    WHERE ordinal > 0
), first AS (
    SELECT context_date, record_id, file, count(*) FILTER (rowid NOT IN (SELECT rid FROM duplicates)) AS kept
    FROM records
    WHERE ordinal = 0 AND record_id IN (SELECT record_id FROM further)
    GROUP BY ALL
)
SELECT further.rid
FROM further
JOIN first
  ON  first.context_date = further.context_date AND first.record_id = further.record_id AND first.file = further.file
WHERE further.position > first.kept;

CREATE VIEW payloads AS
SELECT records.*, records.rowid AS rid, coalesce(repeats.deliveries, 1) AS deliveries
FROM records
LEFT JOIN repeats ON repeats.first_rid = records.rowid
WHERE records.rowid NOT IN (SELECT rid FROM duplicates);
