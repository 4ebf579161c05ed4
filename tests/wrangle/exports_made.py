"""Made-up messages of exports: one plain one, one service message, and everything that the facts about exports name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.conftest import BOT, NOW

SECONDS = int(NOW.timestamp())

ACTIONS = {
    "create_group": "group_chat_created", "edit_group_title": "new_chat_title", "edit_group_photo": "new_chat_photo",
    "delete_group_photo": "delete_chat_photo", "invite_members": "new_chat_members", "remove_members": "left_chat_member",
    "join_group_by_link": "new_chat_members", "join_group_by_request": "new_chat_members",
    "create_channel": "supergroup_chat_created", "migrate_to_supergroup": "migrate_to_chat_id",
    "migrate_from_group": "migrate_from_chat_id", "pin_message": "pinned_message", "clear_history": "clear_history",
    "score_in_game": "score_in_game", "send_payment": "successful_payment", "refunded_payment": "refunded_payment",
    "phone_call": "phone_call", "conference_call": "conference_call", "take_screenshot": "take_screenshot",
    "attach_menu_bot_allowed": "write_access_allowed", "web_app_bot_allowed": "write_access_allowed",
    "allow_sending_messages": "write_access_allowed", "send_passport_values": "passport_data",
    "joined_telegram": "joined_telegram", "proximity_reached": "proximity_alert_triggered",
    "requested_phone_number": "requested_phone_number", "group_call": "video_chat_started",
    "invite_to_group_call": "video_chat_participants_invited", "set_messages_ttl": "message_auto_delete_timer_changed",
    "group_call_scheduled": "video_chat_scheduled", "edit_chat_theme": "edit_chat_theme",
    "send_webview_data": "web_app_data", "send_premium_gift": "send_premium_gift", "topic_created": "forum_topic_created",
    "topic_edit": "forum_topic_edited", "suggest_profile_photo": "suggest_profile_photo", "requested_peer": "users_shared",
    "gift_code_prize": "gift_code_prize", "giveaway_launch": "giveaway_created", "giveaway_results": "giveaway_completed",
    "set_chat_wallpaper": "chat_background_set", "set_same_chat_wallpaper": "chat_background_set",
    "boost_apply": "boost_added", "send_stars_gift": "send_stars_gift", "send_ton_gift": "send_ton_gift",
    "stars_prize": "stars_prize", "send_star_gift": "gift", "paid_messages_refund": "paid_messages_refund",
    "paid_messages_price_change": "paid_message_price_changed", "todo_completions": "checklist_tasks_done",
    "todo_append_tasks": "checklist_tasks_added", "process_suggested_post": "process_suggested_post",
    "suggested_post_success": "suggested_post_paid", "suggested_post_refund": "suggested_post_refunded",
}  # fmt: skip
"""The 54 actions that the exporter writes → kind, where the chat is a supergroup."""


def said(number: int, /, text: Any = "oi", **more: Any) -> dict[str, Any]:
    """Return a message as an export has it; `more` replaces or adds, and None takes out."""
    pieces = text if isinstance(text, list) else [text]
    moment = datetime.fromtimestamp(SECONDS + number, UTC)
    made = {
        "id": number,
        "type": "message",
        "date": (moment - timedelta(hours=3)).strftime("%Y-%m-%dT%H:%M:%S"),
        "date_unixtime": str(SECONDS + number),
        "from": "Ana Exemplo",
        "from_id": "user11",
        "text": text,
        "text_entities": [
            {"type": "plain", "text": each} if isinstance(each, str) else each for each in pieces if each != ""
        ],
    }
    return {key: value for key, value in {**made, **more}.items() if value is not None}


def did(number: int, action: str | None, **more: Any) -> dict[str, Any]:
    """Return a service message as an export has it."""
    actor = {"actor": "Ana Exemplo", "actor_id": "user11", "from": None, "from_id": None}
    return said(number, more.pop("text", ""), **{"type": "service", "action": action, **actor, **more})


def every_kind() -> list[dict[str, Any]]:
    """Return messages with everything that the facts about exports name."""
    file = {"file": "files/a.bin", "file_size": 1234, "thumbnail": "files/a.jpg", "thumbnail_file_size": 99}
    sized = {"width": 640, "height": 480}
    media: list[dict[str, Any]] = [
        {"photo": "photos/1.jpg", "photo_file_size": 81_234, **sized},
        {"photo": "(File not included. Change data exporting settings to download.)", "media_spoiler": True, **sized},
        {**file, "media_type": "sticker", "sticker_emoji": "😀", **sized},
        {**file, "media_type": "video_message", "mime_type": "video/mp4", "duration_seconds": 7, **sized},
        {**file, "media_type": "voice_message", "mime_type": "audio/ogg", "duration_seconds": 3},
        {**file, "media_type": "animation", "file_name": 'a "b" \\ ç.mp4', "mime_type": "video/mp4", "duration_seconds": 2},
        {**file, "media_type": "video_file", "duration_seconds": 9, "self_destruct_period_seconds": 5, **sized},
        {**file, "media_type": "audio_file", "performer": "Alguém", "title": "Canção", "duration_seconds": 200},
        {**file, "file_name": "a.pdf", "mime_type": "application/pdf"},
        {**file, "media_type": "hologram_file"},
        {"contact_information": {"first_name": "B", "last_name": "", "phone_number": "<redacted>"}, "contact_vcard": "c.vcard"},
        {"location_information": {"latitude": -23.5505, "longitude": -46.633309}},
        {"location_information": {"latitude": 1.0, "longitude": 2.0}, "live_location_period_seconds": 60},
        {"place_name": "Padaria", "address": "Rua 1", "location_information": {"latitude": 1.5, "longitude": 2.5}},
        {"game_title": "Jogo", "game_description": "d", "game_link": "https://example.com/g"},
        {"invoice_information": '{"title": "Plano", "amount": 1000, "currency": "BRL"}'},
        {"poll": {"question": "?", "closed": False, "total_voters": 2, "answers": [{"text": "a", "voters": 2, "chosen": True}]}},
        {"poll": {"question": [{"type": "bold", "text": "?"}], "closed": True, "total_voters": 0, "answers": []}},
        {"todo_list": {"title": "Lista", "answers": []}},
        {"giveaway_information": {"quantity": 3, "until_date": "2026-04-01T00:00:00"}},
        {"giveaway_results": {"winners_count": 3}},
        {"paid_stars_amount": 50},
    ]  # fmt: skip
    kinds = [
        "mention", "hashtag", "bot_command", "link", "email", "bold", "italic", "code", "pre", "text_link", "mention_name",
        "phone", "cashtag", "underline", "strikethrough", "blockquote", "bank_card", "spoiler", "custom_emoji", "unknown",
    ]  # fmt: skip
    members = {
        "text_link": {"href": "https://example.com/?a=\"b\""}, "mention_name": {"user_id": 77}, "pre": {"language": "sql"},
        "custom_emoji": {"document_id": "5368324170671202286"},
    }  # fmt: skip
    texts: list[list[Any]] = [
        ["😀 é ", {**each, "text": f"{each['type']}😀"}, " fim ", {**each, "text": "x"}]
        for each in ({"type": kind, **members.get(kind, {})} for kind in kinds)
    ]  # fmt: skip
    texts.append(
        [
            {"type": "blockquote", "text": "longe", "collapsed": True},
            "\n",
            {"type": "blockquote", "text": "perto", "collapsed": False},
        ]
    )
    texts.append([{"type": "link", "text": "https://example.com"}])
    reactions = [
        {
            "type": "emoji",
            "count": 2,
            "emoji": "👍",
            "recent": [{"from": "B", "from_id": "user12", "date": "2026-03-10T12:00:00"}],
        }
    ]
    others: list[dict[str, Any]] = [
        {"from": ..., "from_id": "user13"},
        {"from": "Canal", "from_id": "channel9"},
        {"from": "Grupo", "from_id": "chat8", "author": "admin"},
        {"from": "Ajuda", "from_id": f"user{BOT}"},
        {"edited": "2026-03-10T13:00:00", "edited_unixtime": str(SECONDS + 999)},
        {"reply_to_message_id": 3},
        {"reply_to_message_id": 3, "reply_to_peer_id": "channel1000000001"},
        {"reply_to_message_id": 3, "reply_to_peer_id": "channel55"},
        {"forwarded_from": "Fulano"},
        {"forwarded_from": ...},
        {"forwarded_from": "Fulano", "forwarded_from_id": "user99"},
        {"forwarded_from": ..., "forwarded_from_id": "user99"},
        {"forwarded_from": "Canal", "forwarded_from_id": "channel98", "saved_from": "Canal"},
        {"forwarded_from": "Grupo", "forwarded_from_id": "chat97"},
        {"via_bot": "@gif"},
        {"reactions": reactions},
        {"inline_bot_buttons": [[{"type": "callback", "text": "Sim", "data": "", "dataBase64": "eA"}]]},
        {"file_name": "stray.txt", "width": 5, "address": "Rua 2"},
        {"something_new": {"a": [1, None, {"b": "c"}]}},
    ]  # fmt: skip
    made: list[dict[str, Any]] = [
        said(1),
        said(2, ""),
        said(3, 'aspas " e \\ barra\n\t ç 😀'),
        {"id": 4, "type": "unsupported"},
    ]
    made += [said(100 + number, "", **each) for number, each in enumerate(media)]
    made += [said(200 + number, "legenda 😀", **each) for number, each in enumerate(media)]
    made += [said(300 + number, each) for number, each in enumerate(texts)]
    made += [said(400 + number, each, photo="p.jpg", width=1, height=2) for number, each in enumerate(texts)]
    made += [said(500 + number, "a", **each) for number, each in enumerate(others)]
    made += [did(600 + number, action, **_details(action)) for number, action in enumerate(ACTIONS)]
    made += [
        did(700, "never_seen_action", depth=1),
        did(701, None, information_text="Feito."),
        did(702, "pin_message", actor=..., actor_id="channel1000000001"),
    ]
    return [{key: None if value is ... else value for key, value in each.items()} for each in made]


def _details(action: str) -> dict[str, Any]:
    return {
        "invite_members": {"members": ["Bia", None]},
        "edit_group_title": {"title": 'Novo "nome"'},
        "edit_group_photo": {"photo": "photos/g.jpg", "width": 160, "height": 160},
        "pin_message": {"message_id": 3},
        "phone_call": {"duration_seconds": 61, "discard_reason": "migrate_conference_all"},
        "set_messages_ttl": {"period": 86_400},
        "send_webview_data": {"text": "Enviar", "text_entities": [{"type": "plain", "text": "Enviar"}]},
        "requested_peer": {"button_id": 1, "peers": "[ 123 ]"},
        "proximity_reached": {"actor": None, "actor_id": None, "from": "B", "from_id": "user12", "to_id": "user13", "distance": 9},
        "topic_created": {"title": "Dúvidas"},
        "giveaway_results": {"winners": 3, "unclaimed": 0},
        "todo_completions": {"completed": [1], "incompleted": []},
    }.get(action, {})  # fmt: skip
