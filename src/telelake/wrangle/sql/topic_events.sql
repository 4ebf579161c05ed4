WITH opened AS (
    SELECT *, facts_of_topic_events(facts) AS f
    FROM message_facts
    WHERE starts_with(kind, 'forum_topic_') OR starts_with(kind, 'general_forum_topic_')
), carried AS (
    SELECT context_date, bot_id, received_at, raw, ordinal, chat_id, thread_id, message_id, sent_at, carried_topic_name
    FROM message_states
    WHERE is_latest AND carried_topic_name IS NOT NULL
    QUALIFY row_number() OVER (
        PARTITION BY context_date, chat_id, thread_id ORDER BY sent_at NULLS LAST, message_id, received_at, raw, ordinal) = 1
)
SELECT context_date, bot_id, received_at, raw, ordinal, chat_id, thread_id, message_id, user_id, sent_at, kind,
       coalesce(f.forum_topic_created.name, f.forum_topic_edited.name) AS name,
       f.forum_topic_created.icon_color AS icon_color,
       coalesce(f.forum_topic_created.icon_custom_emoji_id, f.forum_topic_edited.icon_custom_emoji_id) AS icon_emoji_id,
       CAST(detail_of(facts, kind) AS VARCHAR) AS detail
FROM opened
UNION ALL BY NAME
SELECT context_date, bot_id, received_at, raw, ordinal, chat_id, thread_id, message_id, sent_at, 'seen' AS kind,
       carried_topic_name AS name
FROM carried
WHERE NOT EXISTS (
    SELECT 1 FROM opened WHERE opened.raw = carried.raw AND opened.ordinal = carried.ordinal)
