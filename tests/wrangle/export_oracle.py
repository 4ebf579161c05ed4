"""What the tables must hold of an export's message, worked out in plain Python from what is known of the export's format.

Written without a look at the SQL, and slower by far: one message at a time, one field after the other.
"""

from __future__ import annotations

from typing import Any

MEDIA = {
    "sticker": "sticker", "video_message": "video_note", "voice_message": "voice", "animation": "animation",
    "video_file": "video", "audio_file": "audio",
}  # fmt: skip
CONTENT = [
    ("place_name", "venue"), ("location_information", "location"), ("contact_information", "contact"), ("poll", "poll"),
    ("game_title", "game"), ("invoice_information", "invoice"), ("todo_list", "checklist"),
    ("giveaway_information", "giveaway"), ("giveaway_results", "giveaway_winners"), ("paid_stars_amount", "paid_media"),
]  # fmt: skip
RENAMED = {"link": "url", "phone": "phone_number", "mention_name": "text_mention"}
ALWAYS_NULL = (
    "business_connection_id", "ephemeral_message_id", "update_id", "sender_username", "sender_tag", "via_bot_id", "thread_id",
    "is_topic_message", "reply_to_user_id", "reply_to_story_id", "quote", "forward_sent_at", "forward_message_id",
    "is_automatic_forward", "media_group_id", "file_unique_id", "sticker_set", "migrated_to_chat_id", "migrated_from_chat_id",
)  # fmt: skip


def bot_api_id(peer: str | None) -> int | None:
    """Return the Bot API's id of `user123`, `chat123` or `channel123`."""
    if peer is None:
        return None
    for word, number_of in (
        ("user", lambda bare: bare),
        ("channel", lambda bare: -1_000_000_000_000 - bare),
        ("chat", lambda bare: -bare),
    ):
        if peer.startswith(word) and peer[len(word) :].isdecimal():
            return int(number_of(int(peer[len(word) :])))
    return None


def instant(text: str | None) -> int | None:
    """Return a time that is written as Unix seconds."""
    return int(text) if text is not None else None


def pieces_of(message: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a message's text as pieces, of an old export too."""
    if message.get("text_entities"):
        return list(message["text_entities"])
    text = message.get("text", "")
    parts = [text] if isinstance(text, str) else text
    return [{"type": "plain", "text": part} if isinstance(part, str) else part for part in parts if part != ""]


def kind_of(message: dict[str, Any], words: str | None, service_kinds: dict[str, str]) -> str:
    """Return what a message is."""
    if message["type"] == "service":
        action = message.get("action")
        return service_kinds.get(action, action) if action else "custom_action"
    if message["type"] == "unsupported":
        return "unsupported"
    if "photo" in message:
        return "photo"
    if "file" in message:
        return MEDIA.get(message.get("media_type", ""), "document")
    for field, kind in CONTENT:
        if field in message:
            return kind
    return "text" if words else "empty"


def entities_of(message: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the marks of a message's text, as table message_entities has them."""
    found: list[dict[str, Any]] = []
    offset = 0
    for piece in pieces_of(message):
        length = len(piece["text"].encode("utf-16-le")) // 2
        if piece["type"] not in ("plain", "unknown") and length:
            type_ = RENAMED.get(piece["type"], piece["type"])
            found.append(
                {
                    "position": len(found) + 1,
                    "type": "expandable_blockquote" if type_ == "blockquote" and piece.get("collapsed") else type_,
                    "offset_utf16": offset,
                    "length_utf16": length,
                    "value": piece["text"],
                    "url": piece.get("href"),
                    "mentioned_user_id": piece.get("user_id"),
                }
            )
        offset += length
    return found


def row_of(
    message: dict[str, Any], chat: dict[str, Any], account: int, own: list[int], service_kinds: dict[str, str]
) -> dict[str, Any]:
    """Return the message's row, less what tells where it lies (context_date, raw, received_at, versions)."""
    is_service = message["type"] == "service"
    words = None if is_service else "".join(piece["text"] for piece in pieces_of(message)) or None
    kind = kind_of(message, words, service_kinds)
    is_file = kind in (*MEDIA.values(), "photo", "document") and not is_service
    marks = [] if is_service else entities_of(message)
    sender = bot_api_id(message.get("from_id") or message.get("actor_id"))
    is_person = sender is not None and sender > 0
    place = {} if is_service else message.get("location_information") or {}
    replied = message.get("reply_to_message_id")
    other = bot_api_id(message.get("reply_to_peer_id"))
    is_here = other is None or other == chat["id"]
    row: dict[str, Any] = {
        "bot_id": 0,
        "account_id": 0 if chat["id"] <= -1_000_000_000_000 else account,
        "chat_id": chat["id"],
        "message_id": message["id"],
        "source": "import",
        "direction": "out" if sender in own else "in",
        "kind": kind,
        "is_service": is_service or kind == "giveaway_winners",
        "user_id": sender if is_person else None,
        "sender_name": (message.get("from") or message.get("actor")) if is_person else None,
        "is_bot": True if sender in own else None,
        "sender_chat_id": None if is_person else sender,
        "author_signature": message.get("author"),
        "chat_type": chat["type"],
        "sent_at": instant(message.get("date_unixtime")),
        "edited_at": instant(message.get("edited_unixtime")),
        "text": None if is_file else words,
        "caption": words if is_file else None,
        "length": len(words) if words else None,
        "reply_to_message_id": replied if is_here else None,
        "reply_to_external_chat_id": None if is_here else other,
        "reply_to_external_message_id": None if is_here else replied,
        "file_name": message.get("file_name") if is_file else None,
        "mime_type": message.get("mime_type") if is_file else None,
        "file_bytes": message.get("photo_file_size" if kind == "photo" else "file_size") if is_file else None,
        "duration_seconds": message.get("duration_seconds") if is_file else None,
        "width": message.get("width") if is_file else None,
        "height": message.get("height") if is_file else None,
        "sticker_emoji": message.get("sticker_emoji") if is_file else None,
        "latitude": place.get("latitude"),
        "longitude": place.get("longitude"),
        "entities": len(marks),
        "links": sum(mark["type"] in ("url", "text_link") for mark in marks),
        "mentions": sum(mark["type"] in ("mention", "text_mention") for mark in marks),
        "hashtags": sum(mark["type"] == "hashtag" for mark in marks),
        "commands": sum(mark["type"] == "bot_command" for mark in marks),
        **_forward(message),
        **dict.fromkeys(ALWAYS_NULL),
    }
    if is_service and message.get("action") == "topic_created":
        row["thread_id"] = message["id"]  # a topic has the number of the message that made it
    return row


def _forward(message: dict[str, Any]) -> dict[str, Any]:
    origin: dict[str, Any] = dict.fromkeys(
        ("forward_kind", "forward_user_id", "forward_sender_name", "forward_chat_id")
    )
    if "forwarded_from" not in message and "forwarded_from_id" not in message:
        return origin
    known = bot_api_id(message.get("forwarded_from_id"))
    if known is None:
        return {**origin, "forward_kind": "hidden_user", "forward_sender_name": message.get("forwarded_from")}
    if known > 0:
        return {**origin, "forward_kind": "user", "forward_user_id": known}
    return {**origin, "forward_kind": "channel" if known <= -1_000_000_000_000 else "chat", "forward_chat_id": known}


def extra_of(message: dict[str, Any]) -> dict[str, Any] | None:
    """Return what no column holds of a message, in the export's own words."""
    left = dict(message)
    is_service = message["type"] == "service"
    sender = "actor" if "actor_id" in message and "from_id" not in message else "from"
    held = ["id", "type", "author", "date", "date_unixtime", "edited", "edited_unixtime", "reply_to_message_id"]
    held += [f"{sender}_id", "reply_to_peer_id"]
    if (bot_api_id(message.get(f"{sender}_id")) or -1) > 0:
        held.append(sender)
    held.append("forwarded_from_id" if "forwarded_from_id" in message else "forwarded_from")
    held += [key for key in ("text", "text_entities") if not is_service or message.get(key) in ("", [])]
    if not is_service and ("photo" in message or "file" in message):
        held += ["file_name", "mime_type", "duration_seconds", "width", "height", "sticker_emoji"]
        held.append("photo_file_size" if "photo" in message else "file_size")
        if message.get("media_type") in MEDIA and "photo" not in message:
            held.append("media_type")
    if not is_service and message.get("location_information"):
        held.append("location_information")
    for key in held:
        left.pop(key, None)
    return left or None
