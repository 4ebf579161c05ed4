"""What is known of a message in Telegram Desktop's export: its fields, and the Bot API's word for each of its words.

Read off the exporter's source and exports of 2021 to 2026. Facts only; what is done with them is the wrangle's matter.
"""

from __future__ import annotations

from typing import Any

FIELDS: dict[str, Any] = {
    "id": int, "type": str, "date": str, "date_unixtime": str, "edited": str, "edited_unixtime": str,
    "from": str, "from_id": str, "actor": str, "actor_id": str, "action": str, "author": str,
    "forwarded_from": str, "forwarded_from_id": str, "reply_to_message_id": int, "reply_to_peer_id": str,
    "text_entities": [{"type": str, "text": str, "href": str, "user_id": int, "collapsed": bool}],
    "photo": str, "photo_file_size": int, "file": str, "file_name": str, "file_size": int, "media_type": str,
    "mime_type": str, "sticker_emoji": str, "duration_seconds": int, "width": int, "height": int,
    "location_information": {"latitude": float, "longitude": float}, "place_name": str,
}  # fmt: skip
"""Fields that are read, and their types. `text` is one more: text, or a list of texts and of what `text_entities` holds."""

MOST_PIECES = 1_000
"""Pieces of one text that are read as marks. Telegram allows some hundred marks in a message, hence twice as many pieces."""

CONTENT = {
    "contact_information": "contact",
    "poll": "poll",
    "game_title": "game",
    "invoice_information": "invoice",
    "todo_list": "checklist",
    "giveaway_information": "giveaway",
    "giveaway_results": "giveaway_winners",
    "paid_stars_amount": "paid_media",
}
"""Fields whose presence says what a message is → its kind. What they hold is kept as it is."""

MEDIA = {
    "sticker": "sticker",
    "video_message": "video_note",
    "voice_message": "voice",
    "animation": "animation",
    "video_file": "video",
    "audio_file": "audio",
}
"""`media_type` → kind. A file of another type, or of none, is a document."""

ENTITIES = {
    "link": "url",
    "phone": "phone_number",
    "mention_name": "text_mention",
}
"""Type of a piece of text → the Bot API's type of entity, where the two words differ."""

PLAIN = ("plain", "unknown")
"""Types of pieces that mark nothing."""

ACTIONS = {
    "create_group": "group_chat_created",
    "edit_group_title": "new_chat_title",
    "edit_group_photo": "new_chat_photo",
    "delete_group_photo": "delete_chat_photo",
    "invite_members": "new_chat_members",
    "remove_members": "left_chat_member",
    "join_group_by_link": "new_chat_members",
    "join_group_by_request": "new_chat_members",
    "create_channel": "channel_chat_created",  # or supergroup_chat_created: the chat's type decides
    "migrate_to_supergroup": "migrate_to_chat_id",
    "migrate_from_group": "migrate_from_chat_id",
    "pin_message": "pinned_message",
    "send_payment": "successful_payment",
    "refunded_payment": "refunded_payment",
    "attach_menu_bot_allowed": "write_access_allowed",
    "web_app_bot_allowed": "write_access_allowed",
    "allow_sending_messages": "write_access_allowed",  # or connected_website: with `reason_domain`
    "send_passport_values": "passport_data",
    "proximity_reached": "proximity_alert_triggered",
    "group_call": "video_chat_started",  # or video_chat_ended: with `duration`
    "invite_to_group_call": "video_chat_participants_invited",
    "group_call_scheduled": "video_chat_scheduled",
    "set_messages_ttl": "message_auto_delete_timer_changed",
    "send_webview_data": "web_app_data",
    "topic_created": "forum_topic_created",
    "topic_edit": "forum_topic_edited",
    "requested_peer": "users_shared",  # or chat_shared: by the number in `peers`
    "giveaway_launch": "giveaway_created",
    "giveaway_results": "giveaway_completed",
    "set_chat_wallpaper": "chat_background_set",
    "set_same_chat_wallpaper": "chat_background_set",
    "boost_apply": "boost_added",
    "send_star_gift": "gift",
    "paid_messages_price_change": "paid_message_price_changed",
    "todo_completions": "checklist_tasks_done",
    "todo_append_tasks": "checklist_tasks_added",
    "suggested_post_success": "suggested_post_paid",
    "suggested_post_refund": "suggested_post_refunded",
    "poll_append_answer": "poll_option_added",
}
"""Action of a service message → kind. Any other action is a kind of its own name: Telegram tells bots nothing of it
(calls, screenshots, a cleared history), or has several kinds for it (`process_suggested_post`)."""

NO_ACTION = "custom_action"
"""Kind of a service message without an action: Telegram wrote its text itself."""
