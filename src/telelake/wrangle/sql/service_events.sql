WITH opened AS (
    SELECT *, facts_of_service_events(facts) AS f
    FROM message_states
    WHERE is_latest AND is_service AND NOT list_contains(kinds_elsewhere(), kind)
)
SELECT context_date, bot_id, received_at, raw, ordinal, account_id, chat_id, message_id, thread_id, user_id, sent_at, kind,
       f.new_chat_title AS title,
       coalesce(f.pinned_message.message_id, f.poll_option_added.poll_message.message_id,
                f.poll_option_deleted.poll_message.message_id, f.checklist_tasks_done.checklist_message.message_id,
                f.checklist_tasks_added.checklist_message.message_id, f.suggested_post_approved.suggested_post_message.message_id,
                f.suggested_post_paid.suggested_post_message.message_id,
                f.suggested_post_refunded.suggested_post_message.message_id,
                f.suggested_post_declined.suggested_post_message.message_id,
                f.suggested_post_approval_failed.suggested_post_message.message_id) AS target_message_id,
       coalesce(f.chat_owner_left.new_owner.id, f.chat_owner_changed.new_owner.id, f.managed_bot_created.bot.id,
                f.proximity_alert_triggered.watcher.id) AS target_user_id,
       coalesce(f.video_chat_ended.duration, f.message_auto_delete_timer_changed.message_auto_delete_time) AS seconds,
       coalesce(f.paid_message_price_changed.paid_message_star_count,
                f.direct_message_price_changed.direct_message_star_count) AS stars,
       CASE WHEN seen_in = 'export_message' THEN extra ELSE CAST(detail_of(facts, kind) AS VARCHAR) END AS detail
FROM opened
