"""Objects of the Bot API, made from its reduced description: names, types, which are required, which tags a union has."""

from __future__ import annotations

from collections import Counter
from functools import cache
from random import Random
from typing import Any

from telelake.telegram.update import MESSAGE_KINDS, botapi, update_kinds
from tests.generate.values import Values

_DEEP = 4
"""Depth from which on only required fields are made."""
_BOTTOM = 7
"""Depth from which on a union takes its shallowest member."""
_MEDIA = ("animation", "audio", "document", "live_photo", "paid_media", "photo", "video", "voice")
"""Content that has a caption."""
_OWN = frozenset({
    "message_id", "date", "chat", "from", "text", "entities", "caption", "caption_entities", "edit_date", "sender_chat",
})  # fmt: skip
"""Fields of a message that are not made by chance but by what the message is."""
_TEXTS_OF = {"entities": "text", "caption_entities": "caption"}
_CORE = frozenset({"User", "Chat"})


class Objects:
    """Makes objects; remembers which fields it has made, and which messages there are."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.values = Values(chance)
        self.made: Counter[str] = Counter()
        """How often each `Type.field`, and each union's member as `Type`, was made."""
        self._next: Counter[tuple[int, int]] = Counter()

    def missing(self) -> set[str]:
        """Return the update kinds and the fields of Message that were not made yet."""
        wanted = {f"Update.{kind}" for kind in update_kinds()} | {f"Message.{name}" for name in message_fields()}
        return wanted - set(self.made)

    def update(self, kind: str, update_id: int, field: str | None = None, bot: int = 0) -> dict[str, Any]:
        """Return an update of a kind; `field` is one that its payload must have, `bot` whose numbering messages follow."""
        self.made[f"Update.{kind}"] += 1
        if kind in MESSAGE_KINDS:
            payload = self.message(kind, field, bot)
        else:
            types = {name: type_ for name, type_, *_ in _fields("Update")}
            payload = self.make(types[kind], 0, {field} if field else set())
        return {"update_id": update_id, kind: payload}

    def message(self, kind: str = "message", field: str | None = None, bot: int = 0) -> dict[str, Any]:
        """Return a message with one content, or with one service field, and with some of what goes beside."""
        api = botapi()
        content, service = api["message_content_fields"], api["message_service_fields"]
        what = field if field in content or field in service else None
        if what is None:
            what = self.chance.choice(_MEDIA) if field in {"caption", "caption_entities"} else "text"
        if field is None and self.chance.random() < 0.4:
            what = self.chance.choice(content)
        wanted = {what}
        # What is not a message's content or kind goes beside any.
        beside = [name for name in message_fields() if name not in {*content, *service, *_OWN}]
        wanted |= {name for name in beside if self.chance.random() < 0.06}
        if field:
            wanted.add(field)
        if what in {"animation", "venue"}:
            wanted.add({"animation": "document", "venue": "location"}[what])
        chat = self.make("Chat", 1)
        if "channel" in kind:
            chat = {**chat, "id": -1_002_000_000_001, "type": "channel"}
        made: dict[str, Any] = {
            "message_id": self._message_id(chat["id"], bot),
            "date": self.values.moment(),
            "chat": chat,
        }
        self.made.update(("Message.message_id", "Message.date", "Message.chat"))
        if chat["type"] != "channel" or field == "from":
            self._put(made, "from", "User", 1)
            if chat["type"] == "private":
                made["from"]["id"] = chat["id"]
        if field == "sender_chat" or chat["type"] == "channel" or self.chance.random() < 0.05:
            self._put(made, "sender_chat", "Chat", 1)
        if kind.startswith("edited_") or field == "edit_date":
            self._put(made, "edit_date", "Integer", 1)
            made["edit_date"] = made["date"] + self.chance.randrange(1, 90_000)
        if "business" in kind:
            wanted.add("business_connection_id")
        self._say(made, what, field)
        types = {name: type_ for name, type_, *_ in _fields("Message")}
        for name in sorted(wanted - set(made)):
            self._put(made, name, types[name], 1)
        return self._ordered("Message", made)

    def make(self, name: str, depth: int, wanted: set[str] = frozenset()) -> Any:  # type: ignore[assignment]
        """Return a value of a type; `wanted` are fields it must have beside the required ones."""
        if name.startswith("Array of "):
            return [self.make(name.removeprefix("Array of "), depth) for _ in range(self._count(depth))]
        found = botapi()["types"].get(name, {})
        if members := found.get("one_of"):
            return self._union(name, list(members), depth)
        self.made[name] += 1
        made: dict[str, Any] = self._head(name)
        for field, type_, required, *_ in _fields(name):
            new = not self.made[f"{name}.{field}"] and depth < _BOTTOM
            likely = 1.0 if new else 0.5 if depth < 2 else 0.25
            if field in made:
                self.made[f"{name}.{field}"] += 1
            elif required or field in wanted or ((depth < _DEEP or new) and self.chance.random() < likely):
                self._put(made, field, type_, depth + 1, name)
        return self._ordered(name, made)

    def _union(self, name: str, members: list[str], depth: int) -> Any:
        if name == "RichText" and (depth >= _DEEP or self.chance.random() < 0.3):
            return self.values.words()
        if name == "MaybeInaccessibleMessage":
            return self.make("InaccessibleMessage", depth) if self.chance.random() < 0.3 else self._other(depth)
        if depth >= _BOTTOM:
            least = min(_depth(member) for member in members)
            members = [member for member in members if _depth(member) == least]
        # The one made least: so that each occurs.
        fewest = min(self.made[member] for member in members)
        return self.make(self.chance.choice([m for m in members if self.made[m] == fewest]), depth)

    def _put(self, made: dict[str, Any], field: str, type_: str, depth: int, of: str = "Message") -> None:
        self.made[f"{of}.{field}"] += 1
        made[field] = self._value(of, field, type_, depth)

    def _value(self, of: str, field: str, type_: str, depth: int) -> Any:
        if type_.startswith("Array of "):
            inner = type_.removeprefix("Array of ")
            return [self._value(of, field, inner, depth) for _ in range(self._count(depth))]
        tags = next((rest[0] for name, _, _, *rest in _fields(of) if name == field and rest), None)
        match type_:
            case "Integer":
                return self.values.number(field)
            case "Float":
                return round(self.chance.uniform(-90, 90), self.chance.choice((0, 1, 6)))
            case "String":
                return self.chance.choice(tags) if tags else self.values.text(field)
            case "Boolean":
                return self.chance.random() < 0.5
            case "True":
                return True
            case "Message":
                return self._other(depth)
            case "MessageEntity":
                return {"type": "bold", "offset": 0, "length": 1}
        return self.make(type_, depth)

    def _other(self, depth: int) -> dict[str, Any]:
        """Return a message inside of something else, in few fields."""
        chat = self.make("Chat", _DEEP)
        made = {"message_id": self.chance.randrange(1, 400), "date": self.values.moment(), "chat": chat}
        if self.chance.random() < 0.8:
            made["from"] = self.make("User", max(depth, 2))
        text, marks = self.values.marked(["url"] if self.chance.random() < 0.3 else [])
        return self._ordered("Message", {**made, "text": text, **({"entities": marks} if marks else {})})

    def _head(self, name: str) -> dict[str, Any]:
        """Return what of an object must fit together."""
        if name == "Chat":
            chat = self.values.chat()
            return {**chat, **({"title": self.values.words()} if chat["type"] != "private" else {"first_name": "Ana"})}
        if name == "User":
            person = self.values.person()
            return {"id": person, "is_bot": person % 10 == 0}
        return {}

    def _say(self, made: dict[str, Any], what: str, field: str | None) -> None:
        """Give a message its text or caption, and marks that fit."""
        name = "text" if what == "text" else "caption"
        if what != "text" and not (
            what in _MEDIA and (field in {"caption", "caption_entities"} or self.chance.random() < 0.5)
        ):
            return
        marks_name = "entities" if name == "text" else "caption_entities"
        types = entity_types()
        # The one made least comes first.
        chosen = sorted(self.chance.sample(types, 3), key=lambda kind: self.made[f"MessageEntity {kind}"])
        chosen = chosen[: self.chance.randrange(1, 4)] if field == marks_name or self.chance.random() < 0.5 else []
        text, marks = self.values.marked(chosen)
        made[name] = text
        self.made[f"Message.{name}"] += 1
        if not marks:
            return
        for mark in marks:
            self.made[f"MessageEntity {mark['type']}"] += 1
            mark.update(self._beside(mark["type"]))
        made[marks_name] = marks
        self.made[f"Message.{marks_name}"] += 1

    def _beside(self, kind: str) -> dict[str, Any]:
        match kind:
            case "text_link":
                return {"url": self.values.text("url")}
            case "text_mention":
                return {"user": self.make("User", 3)}
            case "pre":
                return {"language": "python"}
            case "custom_emoji":
                return {"custom_emoji_id": self.values.token()}
            case "date_time":
                return {"unix_time": self.values.moment(), "date_time_format": "d"}
        return {}

    def _message_id(self, chat: int, bot: int) -> int:
        numbering = (0 if chat <= -1_000_000_000_000 else bot, chat)
        self._next[numbering] += 1
        return self._next[numbering]

    def _count(self, depth: int) -> int:
        return self.chance.choice((1, 1, 2, 3)) if depth < _DEEP else 1

    @staticmethod
    def _ordered(name: str, made: dict[str, Any]) -> dict[str, Any]:
        """Return an object with its fields in the order that Telegram describes them in."""
        order = [field for field, *_ in _fields(name)]
        return {field: made[field] for field in order if field in made}


def message_fields() -> list[str]:
    """Return the fields of a message, in the Bot API's order."""
    return [name for name, *_ in _fields("Message")]


def entity_types() -> list[str]:
    """Return what a marked part of a text may be."""
    return next(rest[0] for name, _, _, *rest in _fields("MessageEntity") if name == "type")


def payload_fields(kind: str) -> list[str]:
    """Return the fields of an update kind's payload."""
    types = {name: type_ for name, type_, *_ in _fields("Update")}
    return [name for name, *_ in _fields(types[kind])]


def _fields(name: str) -> list[Any]:
    found: list[Any] = botapi()["types"].get(name, {}).get("fields", [])
    return found


@cache
def _depth(name: str) -> int:
    """Return how deep the smallest object of a type is."""
    return _depth_below(name, frozenset())


def _depth_below(name: str, above: frozenset[str]) -> int:
    name = name.replace("Array of ", "")
    found = botapi()["types"].get(name)
    if found is None or name == "RichText":
        return 0
    if name in above:
        return 99
    inside = above | {name}
    if members := found.get("one_of"):
        return min(_depth_below(member, inside) for member in members)
    return 1 + max((_depth_below(type_, inside) for _, type_, required, *_ in found["fields"] if required), default=0)
