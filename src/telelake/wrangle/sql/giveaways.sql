WITH opened AS (
    SELECT *, facts_of_giveaways(facts) AS f
    FROM message_facts
    WHERE kind IN ('giveaway', 'giveaway_created', 'giveaway_winners', 'giveaway_completed')
)
SELECT context_date, bot_id, received_at, raw, ordinal, kind, chat_id, message_id, sent_at,
       coalesce(f.giveaway_winners.giveaway_message_id, f.giveaway_completed.giveaway_message.message_id) AS giveaway_message_id,
       instant(coalesce(f.giveaway.winners_selection_date, f.giveaway_winners.winners_selection_date)) AS drawn_at,
       coalesce(f.giveaway.winner_count, f.giveaway_winners.winner_count, f.giveaway_completed.winner_count) AS winners,
       coalesce(f.giveaway_winners.unclaimed_prize_count, f.giveaway_completed.unclaimed_prize_count) AS unclaimed,
       coalesce(f.giveaway.prize_star_count, f.giveaway_created.prize_star_count, f.giveaway_winners.prize_star_count) AS stars,
       coalesce(f.giveaway.premium_subscription_month_count, f.giveaway_winners.premium_subscription_month_count) AS premium_months,
       coalesce(f.giveaway.prize_description, f.giveaway_winners.prize_description) AS prize,
       coalesce(f.giveaway.only_new_members, f.giveaway_winners.only_new_members) AS is_for_new_members,
       f.giveaway_winners.was_refunded AS was_refunded,
       CAST(detail_of(facts, kind) AS VARCHAR) AS detail
FROM opened
