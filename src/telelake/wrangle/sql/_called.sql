-- One row a recorded call; `messages` are those that its answer holds, as the Bot API writes a `Message`.
-- The same record twice, as after a seal that was repeated with other boundaries, is one call.
WITH line AS (
    SELECT *, body.answer AS answer, body.answer -> '$.result' AS result
    FROM call_lines
), opened AS (
    SELECT *,
           coalesce(messages, CASE json_type(result) WHEN 'OBJECT' THEN [result] WHEN 'ARRAY' THEN result::JSON[] END) AS found,
           row_number() OVER (PARTITION BY context_date, record_id ORDER BY filename) AS copy
    FROM line
)
SELECT context_date,
       bot AS bot_id,
       record_id,
       source,
       moment(received_at) AS received_at,
       bytes,
       body."call" AS method,
       moment(body.started_at) AS started_at,
       body.seconds AS seconds,
       body.status AS http_status,
       body.request AS request,
       answer,
       result,
       messages_among(found) AS messages,
       notes,
       hash(filename) AS file,
       copy
FROM opened
