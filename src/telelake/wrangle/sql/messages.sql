SELECT context_date, bot_id, account_id, chat_id, message_id, business_connection_id, ephemeral_message_id,
       raw, update_id, source, direction, kind, is_service, user_id, sender_name, sender_username,
       is_bot, sender_chat_id, sender_tag, author_signature, via_bot_id, chat_type, thread_id, is_topic_message,
       sent_at, edited_at, received_at, text, caption, length, reply_to_message_id, reply_to_user_id,
       reply_to_external_chat_id, reply_to_external_message_id, reply_to_story_id, quote, forward_kind,
       forward_sent_at, forward_user_id, forward_sender_name, forward_chat_id, forward_message_id,
       is_automatic_forward, media_group_id, file_unique_id, file_name, mime_type, file_bytes, duration_seconds,
       width, height, sticker_emoji, sticker_set, latitude, longitude, migrated_to_chat_id,
       migrated_from_chat_id, entities, links, mentions, hashtags, commands, versions,
       local_hour(sent_at, context_date) AS local_hour, topic_name, is_anonymous_admin, forward_chat_title, forward_signature,
       reply_to_story_chat_id, reply_to_task_id, reply_to_option_id, direct_topic_id, receiver_user_id, guest_query_id,
       guest_caller_user_id, guest_caller_chat_id, business_bot_id, sender_boosts, paid_stars, poll_id, venue_title,
       has_protected_content, has_spoiler, is_from_offline
FROM message_states
WHERE is_latest
