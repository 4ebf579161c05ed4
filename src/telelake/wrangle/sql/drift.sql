-- What the Bot API does not know, a row for each thing of a day and bot. An update that came again counts once.
SELECT payloads.context_date AS context_date,
       payloads.bot_id AS bot_id,
       drifted.what AS what,
       drifted.path AS path,
       drifted.value AS value,
       count(*) AS updates,
       min(payloads.record_id) AS example_raw
FROM payloads
-- The same record twice, as after a seal that was repeated with other boundaries, was looked through twice.
JOIN (SELECT DISTINCT * FROM drifted) AS drifted
  ON  drifted.context_date = payloads.context_date
  AND drifted.record_id = payloads.record_id
WHERE payloads.ordinal = 0
GROUP BY ALL
