"""JSON with anything in it, less what is personal: for the columns that keep what no other column reads.

Keys decide. Words are masked as any text is, ids hashed, names dropped, and so is every text and number under a key that
nobody has looked at: a field that Telegram adds tomorrow may be a telephone number. Raw has it all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from telelake.telegram.update import LABEL_KIND, botapi
from telelake.wrangle.masks.finders import mask_text
from telelake.wrangle.masks.ids import Pseudonyms

_WORDS = frozenset(
    {
        "button_text", "callback_data", "caption", "command", "custom_title", "data", "description", "explanation",
        "forward_text", "game_title", "hashtag", "href", "input_field_placeholder", "invite_link", "invoice_payload",
        "label", "last_error_message", "message_text", "new_chat_title", "option_text", "paid_media_payload",
        "payload", "prize_description", "query", "question", "quote", "reason", "short_description",
        "start_parameter", "switch_inline_query", "switch_inline_query_current_chat", "tag", "text", "title", "url",
    }
)  # fmt: skip
"""Keys whose texts people wrote."""

_CODES = frozenset(
    {
        "action", "allowed_updates", "animated_emoji", "big_file_unique_id", "bot_command", "business_connection_id",
        "cashtag", "chat_type", "codec", "country_code", "country_codes", "currency", "custom_emoji_id",
        "date_time_format", "effect_id", "emoji", "emoji_status_custom_emoji_id", "file_unique_id", "foursquare_type",
        "gift_id", "google_place_type", "icon_custom_emoji_id", "language", "language_code", "last_resale_currency",
        "media_group_id", "media_type", "method", "mime_type", "model_custom_emoji_id", "option_persistent_id",
        "option_persistent_ids", "origin", "parse_mode", "persistent_id", "point", "poll_id", "quote_parse_mode",
        "rarity", "set_name", "small_file_unique_id", "state", "status", "sticker_set_name", "sticker_type", "style",
        "time_zone_name", "transaction_type", "type",
        "answered_by", "outcome",
    }
)  # fmt: skip
"""Keys whose texts are Telegram's own words."""

_NOT_IDS = frozenset(
    {
        "accent_color_id", "checklist_task_id", "correct_option_id", "correct_option_ids", "draft_id",
        "ephemeral_message_id", "forward_from_message_id", "giveaway_message_id", "marked_as_done_task_ids",
        "marked_as_not_done_task_ids", "message_id", "message_ids", "message_thread_id", "option_ids",
        "profile_accent_color_id", "reply_to_checklist_task_id", "reply_to_message_id", "request_id", "topic_id",
        "update_id",
    }
)  # fmt: skip
"""Keys that end as ids do, and number messages or options."""

_PLACES = frozenset({"latitude", "longitude"})
_BIRTH = frozenset({"day", "month", "year"})
_PLACE_SIGNS = frozenset({"address", "latitude", "location"})
_PLACE_NAMES = frozenset({"address", "title"})
"""Of a place: it may be somebody's home."""
_FILE_NAMES = frozenset({"file_name"})
_CALLED = frozenset(
    {
        LABEL_KIND,
        "action",
        "commands",
        "disable_notification",
        "media",
        "permissions",
        "protect_content",
        "results",
        "scope",
        "timeout",
    }
)
"""Keys of calls and of exports with what is looked at beneath them."""
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_PEER_KEY = re.compile(r"(?:.*_)?(?:user|chat|from|actor|peer|bot|sender)_ids?|.*_peer")
_PEER = re.compile(r"(user|chat|channel|)(-?[0-9]{1,20})")
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,8}$")
_DEEPEST = 60


def extension(name: str) -> str | None:
    """Return a file name's extension with its dot, if it has one."""
    found = _EXTENSION.search(name)
    return found.group() if found else None


@dataclass(frozen=True)
class Trees:
    """What masks JSON, under one key and one region."""

    pseudonyms: Pseudonyms
    region: str

    def mask(self, document: str) -> str | None:
        """Return JSON without what is personal, or None when it is no JSON."""
        try:
            found = json.loads(document)
        except (ValueError, RecursionError):
            return None
        return json.dumps(self._of(found, "", (), 0), ensure_ascii=False, separators=(",", ":"))

    def _of(self, value: Any, key: str, marks: Iterable[Mapping[str, Any]], depth: int, known: bool = True) -> Any:
        """Return a value less what is personal; `known` when no key above it is one that nobody knows."""
        if value is None or isinstance(value, bool) or depth > _DEEPEST:
            return value if depth <= _DEEPEST else None
        if isinstance(value, dict):
            dropped = _PLACE_NAMES if _PLACE_SIGNS & value.keys() else frozenset()
            return {
                name: None
                if name in dropped
                else self._of(inner, name, _marks_of(value, name), depth + 1, known and name in _keys())
                for name, inner in value.items()
                if _NAME.fullmatch(name)
            }
        if isinstance(value, list):
            return [self._of(inner, key, (), depth + 1, known) for inner in value]
        return (
            self._text(value, key, marks, depth, known) if isinstance(value, str) else self._number(value, key, known)
        )

    def _number(self, value: float, key: str, known: bool) -> float | None:
        if key in _PLACES:
            return round(value, 1)
        if _is_id(key):
            return self.pseudonyms.of(value) if isinstance(value, int) else None
        return value if known and key in _numbers() else None

    def _text(self, value: str, key: str, marks: Iterable[Mapping[str, Any]], depth: int, known: bool) -> str | None:
        if value[:1] in {"{", "["} and (found := _parsed(value)) is not None:
            # A bot may send an object as a text of JSON.
            masked = self._of(found, key, (), depth + 1, known)
            return json.dumps(masked, ensure_ascii=False, separators=(",", ":"))
        if key in _WORDS:
            return mask_text(value, self.region, marks)
        if key in _CODES:
            return value if known else None
        if key in _FILE_NAMES:
            return extension(value)
        if _is_id(key):
            return self._id(value, key)
        number = value.removeprefix("-")
        return value if known and key in _numbers() and len(number) <= 15 and number.isdecimal() else None

    def _id(self, value: str, key: str) -> str | None:
        """Return an id that is a text: a number, an export's name of a peer, a code of Telegram's."""
        if _PEER_KEY.fullmatch(key) and (peer := _PEER.fullmatch(value)):
            kind, number = peer.groups()
            return value if kind in {"chat", "channel"} else f"{kind}{self.pseudonyms.of(int(number))}"
        return None if value.startswith("@") else self.pseudonyms.of_code(value)


def _marks_of(inside: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """Return the entities that the Bot API writes beside a text."""
    found = inside.get("entities" if name == "text" else f"{name}_entities")
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _is_id(key: str) -> bool:
    return key not in _NOT_IDS and key not in _CODES and (key == "id" or key.endswith(("_id", "_ids", "_peer")))


def _parsed(value: str) -> Any:
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return None


@cache
def _keys() -> frozenset[str]:
    """Return the keys that somebody has looked at."""
    fields = {field[0] for each in botapi()["types"].values() for field in each.get("fields", ())}
    return frozenset(fields | {*botapi()["undocumented_keys_the_server_writes"]}) | _WORDS | _CODES | _NOT_IDS | _CALLED


@cache
def _numbers() -> frozenset[str]:
    """Return the keys of the Bot API that hold a number which is no id."""
    fields = [field for each in botapi()["types"].values() for field in each.get("fields", ())]
    names = {name for name, kind, *_ in fields if kind in {"Integer", "Float", "Array of Integer"}}
    own = {"bytes", "forward_date", "last_resale_star_count", "disable_notification", "timeout", "limit"}
    return frozenset(name for name in names | own | _NOT_IDS if not _is_id(name)) - _PLACES - _BIRTH
