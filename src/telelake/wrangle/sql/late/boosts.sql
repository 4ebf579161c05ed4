SELECT *
FROM both_boosts
WHERE kind <> 'boost_added' OR NOT EXISTS (
          SELECT 1 FROM outdated WHERE outdated.context_date = both_boosts.context_date AND outdated.raw = both_boosts.raw)
QUALIFY row_number() OVER (
    PARTITION BY context_date, kind, chat_id, boost_id, occurred_at, expires_at,
                 CASE WHEN chat_id IS NULL OR boost_id IS NULL THEN concat_ws('/', raw, ordinal) END
    ORDER BY received_at, raw, ordinal) = 1
