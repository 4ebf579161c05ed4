-- Several bots see the same boost, which is one row.
WITH opened AS (
    SELECT *, event_of_boosts(event) AS e FROM events WHERE kind IN ('chat_boost', 'removed_chat_boost')
), told AS (
    SELECT * EXCLUDE (e),
           coalesce(e.boost.boost_id, e.boost_id) AS boost_id,
           coalesce(e.boost.source."user".id, e.source."user".id) AS user_id,
           coalesce(e.boost.source.source, e.source.source) AS boost_source,
           coalesce(e.boost.add_date, e.remove_date) AS date,
           e.boost.expiration_date AS expires,
           coalesce(e.boost.source.giveaway_message_id, e.source.giveaway_message_id) AS giveaway_message_id,
           coalesce(e.boost.source.prize_star_count, e.source.prize_star_count) AS stars
    FROM opened
), kept AS (
    SELECT *
    FROM told
    QUALIFY row_number() OVER (
        PARTITION BY context_date, kind, chat_id, boost_id, date, expires,
                     CASE WHEN chat_id IS NULL OR boost_id IS NULL THEN concat_ws('/', raw, ordinal) END
        ORDER BY received_at, raw, ordinal) = 1
)
SELECT context_date, bot_id, received_at, raw, ordinal, kind, chat_id, boost_id, user_id, boost_source,
       instant(date) AS occurred_at, instant(expires) AS expires_at, giveaway_message_id, stars, CAST(NULL AS BIGINT) AS boosts
FROM kept
UNION ALL BY NAME
SELECT context_date, bot_id, received_at, raw, ordinal, kind, chat_id, user_id, sent_at AS occurred_at,
       facts_of_boosts(facts).boost_added.boost_count AS boosts
FROM message_facts
WHERE kind = 'boost_added'
