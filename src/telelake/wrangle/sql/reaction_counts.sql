-- Two bots in one channel see the same counts, which are one. Of different counts of one second the last that came stands.
WITH opened AS (
    SELECT *, event_of_reaction_counts(event) AS e FROM events WHERE kind = 'message_reaction_count'
), chosen AS (
    SELECT *
    FROM opened
    QUALIFY row_number() OVER (
        PARTITION BY context_date, account_id, chat_id, message_id, e.date,
                     CASE WHEN chat_id IS NULL OR message_id IS NULL OR e.date IS NULL THEN concat_ws('/', raw, ordinal) END
        ORDER BY update_id DESC, received_at, raw, ordinal) = 1
), ranked AS (
    SELECT *,
           row_number() OVER (
               PARTITION BY context_date, account_id, chat_id, message_id
               ORDER BY e.date DESC NULLS LAST, update_id DESC, received_at, raw, ordinal) = 1 AS is_latest
    FROM chosen
), listed AS (
    SELECT * EXCLUDE (e), e.date AS date,
           unnest(CASE WHEN len(e.reactions) > 0 THEN e.reactions ELSE [NULL] END) AS reaction_count,
           generate_subscripts(CASE WHEN len(e.reactions) > 0 THEN e.reactions ELSE [NULL] END, 1) AS place,
           coalesce(len(e.reactions), 0) AS reactions
    FROM ranked
)
SELECT context_date, bot_id, received_at, raw, ordinal, account_id, chat_id, message_id,
       instant(date) AS occurred_at,
       CASE WHEN reactions > 0 THEN place ELSE 0 END AS position,
       reaction_word(reaction_count.type) AS reaction,
       CASE WHEN reactions > 0 THEN reaction_count.total_count ELSE 0 END AS total,
       is_latest
FROM listed
