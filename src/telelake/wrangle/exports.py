"""The words of an export as SQL: macros made from `telegram.desktop_messages`, for `_exported.sql`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from telelake.tables import derive, form
from telelake.telegram import desktop_messages as facts

_AS_WRITTEN = ("forwarded_from", "file_name", "mime_type", "sticker_emoji")
"""Texts that go from one document to the other as they are written, quotes and escapes included."""

_USUAL = (
    "id", "type", "date", "date_unixtime", "edited", "edited_unixtime", "from", "from_id", "author", "reply_to_message_id",
    "text", "text_entities",
)  # fmt: skip
"""Members of a plain message, read whole. One that has others is looked at for what is left of it."""


def macros(message: Mapping[str, Any]) -> str:
    """Return the macros that open an export's message and say in the Bot API's words what it is.

    `message` is the structure by which a Bot API's message is read.
    """
    tree = form.export_tree()
    fields: dict[str, Any] = json.loads(derive.json_structure(tree))
    pieces = fields["text_entities"][0]
    fields |= {"text": "VARCHAR", **dict.fromkeys((*_AS_WRITTEN, *facts.CONTENT), "JSON")}
    usual = " + ".join(f'(said."{name}" IS NOT NULL)::INTEGER' for name in _USUAL)
    content = " ".join(f"WHEN said.{name} IS NOT NULL THEN {_text(kind)}" for name, kind in facts.CONTENT.items())
    plain = ", ".join(map(_text, facts.PLAIN))
    piece = json.dumps(pieces)
    return (
        f"CREATE MACRO export_of(body) AS from_json(body, {_text(json.dumps(dict(sorted(fields.items()))))});"
        f"CREATE MACRO as_message(fields) AS CAST(fields AS {_type(message)});"
        f"CREATE MACRO usual_members(said) AS {usual};"
        f"CREATE MACRO export_content(said) AS CASE {content} END;"
        f"CREATE MACRO export_media(name) AS {_case('name', facts.MEDIA)};"
        f"CREATE MACRO export_action(name) AS {_case('name', facts.ACTIONS)};"
        f"CREATE MACRO no_action() AS {_text(facts.NO_ACTION)};"
        f"CREATE MACRO export_entity(piece) AS CASE WHEN piece.type IN ({plain}) THEN NULL "
        "WHEN piece.type = 'blockquote' AND piece.collapsed THEN 'expandable_blockquote' "
        f"ELSE coalesce({_case('piece.type', facts.ENTITIES)}, piece.type) END;"
        "CREATE MACRO pieces_of(text) AS list_transform(from_json(text, '[\"JSON\"]'), lambda part: from_json("
        'CASE WHEN starts_with(part, \'"\') THEN (\'{"type":"plain","text":\' || part || \'}\')::JSON ELSE part END, '
        f"{_text(piece)}))"
    )


def _type(structure: Any) -> str:
    """Return a structure of `from_json` as a type."""
    if isinstance(structure, str):
        return structure
    if isinstance(structure, list):
        return f"{_type(structure[0])}[]"
    return "STRUCT(" + ", ".join(f'"{name}" {_type(inner)}' for name, inner in structure.items()) + ")"


def _case(name: str, words: Mapping[str, str]) -> str:
    branches = " ".join(f"WHEN {_text(word)} THEN {_text(ours)}" for word, ours in words.items())
    return f"CASE {name} {branches} END"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
