-- Two bots in one chat see the same change, which is one row. The same change twice within a second, as one bot counts
-- it by its updates, is two.
WITH opened AS (
    SELECT *, event_of_reactions(event) AS e FROM events WHERE kind = 'message_reaction'
), worded AS (
    SELECT *,
           list_transform(coalesce(e.old_reaction, []), lambda each: reaction_word(each)) AS old_reactions,
           list_transform(coalesce(e.new_reaction, []), lambda each: reaction_word(each)) AS new_reactions
    FROM opened
), counted AS (
    SELECT *,
           dense_rank() OVER (
               PARTITION BY context_date, bot_id, account_id, chat_id, message_id, e."user".id, e.actor_chat.id, e.date,
                            as_words(old_reactions), as_words(new_reactions)
               ORDER BY update_id) AS time
    FROM worded
)
SELECT context_date, bot_id, received_at, raw, ordinal, account_id, chat_id, message_id,
       e."user".id AS user_id,
       e.actor_chat.id AS actor_chat_id,
       instant(e.date) AS occurred_at,
       old_reactions,
       new_reactions,
       list_filter(new_reactions, lambda each: NOT list_contains(old_reactions, each)) AS added,
       list_filter(old_reactions, lambda each: NOT list_contains(new_reactions, each)) AS removed
FROM counted
QUALIFY row_number() OVER (
    PARTITION BY context_date, account_id, chat_id, message_id, e."user".id, e.actor_chat.id, e.date,
                 as_words(old_reactions), as_words(new_reactions), time,
                 CASE WHEN chat_id IS NULL OR message_id IS NULL OR e.date IS NULL THEN concat_ws('/', raw, ordinal) END
    ORDER BY received_at, raw, ordinal) = 1
