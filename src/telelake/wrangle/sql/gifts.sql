WITH opened AS (
    SELECT *, facts_of_gifts(facts) AS f FROM message_facts WHERE kind IN ('gift', 'unique_gift', 'gift_upgrade_sent')
)
SELECT context_date, bot_id, received_at, raw, ordinal, kind, chat_id, message_id, user_id, sent_at,
       coalesce(f.gift.gift.id, f.gift_upgrade_sent.gift.id, f.unique_gift.gift.gift_id) AS gift_id,
       coalesce(f.gift.gift.star_count, f.gift_upgrade_sent.gift.star_count) AS stars,
       coalesce(f.gift.convert_star_count, f.gift_upgrade_sent.convert_star_count) AS convert_stars,
       coalesce(f.gift.text, f.unique_gift.text, f.gift_upgrade_sent.text) AS text,
       coalesce(f.gift.is_private, f.unique_gift.is_private, f.gift_upgrade_sent.is_private) AS is_private,
       f.unique_gift.gift.name AS unique_name,
       coalesce(f.unique_gift.gift.number, f.gift.unique_gift_number, f.gift_upgrade_sent.unique_gift_number) AS unique_number,
       f.unique_gift.origin AS origin,
       f.unique_gift.last_resale_currency AS resale_currency,
       f.unique_gift.last_resale_amount AS resale_amount,
       CAST(detail_of(facts, kind) AS VARCHAR) AS detail
FROM opened
