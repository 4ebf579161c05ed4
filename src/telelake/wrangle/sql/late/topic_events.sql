-- A topic is seen once a day; of the others each stays while its message's state does.
SELECT *
FROM both_topic_events
WHERE kind = 'seen' OR NOT EXISTS (
    SELECT 1
    FROM outdated
    WHERE outdated.context_date = both_topic_events.context_date AND outdated.raw = both_topic_events.raw
      AND outdated.message_id = both_topic_events.message_id)
QUALIFY kind <> 'seen' OR row_number() OVER (
    PARTITION BY context_date, kind, chat_id, thread_id ORDER BY sent_at NULLS LAST, message_id, received_at, raw, ordinal) = 1
