"""The SQL that types raw lines, composed from what the tables declare that they read.

Only identifiers, types and constants of our own are put into SQL here. The relation `records` is what all else builds
on: one row a payload, with `m` (a message's fields) or `e` (another event's), as the Bot API names them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from telelake.tables import derive, form
from telelake.tables.catalog import BUILT, MEMBERSHIPS
from telelake.tables.catalog.services import ELSEWHERE as KINDS_ELSEWHERE
from telelake.telegram.update import MESSAGE_KINDS, botapi, update_kinds
from telelake.wrangle import exports
from telelake.wrangle.sql import sql_file

LINES = (16 * 1024 * 1024, 64 * 1024 * 1024)
"""Bytes of the longest line that the engine takes, as tried one after the other: each thread holds twice as many. A body
that capture takes and its envelope fit the first many times; imports take longer ones."""

_USUAL = ("from", "chat")
"""Objects that nearly every message has; `names` holds the members of the message, then of each of these."""

_FORWARD = "forward_origin"

_TYPED_CONTENT = (
    "text",
    "live_photo",
    "animation",
    "photo",
    "sticker",
    "voice",
    "video",
    "video_note",
    "document",
    "audio",
)
"""Content that `m` holds as typed fields, so that its presence is seen without another look at the JSON; `animation`
before `document`, which accompanies it."""


@cache
def create_records() -> str:
    """Return the statement that makes `records`, empty."""
    return f"CREATE TABLE records AS {updates([])} LIMIT 0"


def create_drifted() -> str:
    """Return the statement that makes `drifted`, empty: what the Bot API does not know, by record."""
    return "CREATE TABLE drifted (context_date DATE, record_id VARCHAR, what VARCHAR, path VARCHAR, value VARCHAR)"


def insert_drifted() -> str:
    """Return the statement that adds to `drifted`, with a list for each of its columns."""
    return "INSERT INTO drifted SELECT unnest(?), unnest(?), unnest(?), unnest(?), unnest(?)"


def insert_records(paths: Sequence[Path]) -> str:
    """Return the statement that adds the lines of some segments to `records`."""
    return f"INSERT INTO records {updates(paths)}"


def updates(paths: Sequence[Path]) -> str:
    """Return the SELECT of `records` from segments of updates."""
    return _select(_updates(paths))


_CALL_LINE = {
    "record_id": "VARCHAR", "source": "VARCHAR", "received_at": "VARCHAR", "bytes": "BIGINT",
    "messages": "JSON[]", "notes": "VARCHAR[]",
    "body": 'STRUCT("call" VARCHAR, started_at VARCHAR, seconds DOUBLE, status BIGINT, request JSON, answer JSON)',
}  # fmt: skip


def create_call_lines() -> str:
    """Return the statement that makes `call_lines`, empty."""
    return f"CREATE TABLE call_lines AS {_no_lines(_CALL_LINE)} WHERE false"


def insert_call_lines(paths: Sequence[Path]) -> str:
    """Return the statement that adds the lines of some segments of calls to `call_lines`."""
    return f"INSERT INTO call_lines BY NAME {call_lines(paths)}"


def call_lines(paths: Sequence[Path]) -> str:
    """Return the SELECT of calls as lines."""
    return f"SELECT * FROM {_read(paths, _CALL_LINE)}" if paths else _no_lines(_CALL_LINE)


def create_called() -> str:
    """Return the statement that makes `called`: the calls of `call_lines`, opened."""
    return f"CREATE TABLE called AS {sql_file('_called')}"


def insert_sent() -> str:
    """Return the statement that adds to `records` the messages that the calls made or changed."""
    return f"INSERT INTO records {sent()}"


def sent() -> str:
    """Return the SELECT of `records` from `called`."""
    return _select(sql_file("_sent"))


def insert_exported(paths: Sequence[Path]) -> str:
    """Return the statement that adds the messages of exports to `records`."""
    return f"INSERT INTO records {exported(paths)}"


def exported(paths: Sequence[Path]) -> str:
    """Return the SELECT of `records` from segments of exports."""
    columns = {
        "record_id": "VARCHAR", "source": "VARCHAR", "received_at": "VARCHAR", "bytes": "BIGINT", "sha256": "VARCHAR",
        "account": "BIGINT", "chat": 'STRUCT(id BIGINT, "type" VARCHAR, "name" VARCHAR)', "own": "BIGINT[]",
        "notes": "VARCHAR[]", "body": "JSON",
    }  # fmt: skip
    read = _read(paths, columns) if paths else f"({_no_lines(columns)})"
    lines = f"WITH export_lines AS (SELECT * FROM {read}) SELECT * FROM ({sql_file('_exported')})"
    return _select(lines, message="m")


def insert_unreadable(paths: Sequence[Path]) -> str:
    """Return the statement that adds the lines of quarantine segments to `unreadable`."""
    return f"INSERT INTO unreadable {unreadable_lines(paths)}"


def unreadable_lines(paths: Sequence[Path]) -> str:
    """Return the SELECT of the lines of quarantine segments."""
    columns = {
        "record_id": "VARCHAR", "source": "VARCHAR", "received_at": "VARCHAR", "bytes": "BIGINT", "reason": "VARCHAR",
    }  # fmt: skip
    lines = _read(paths, columns) if paths else f"({_no_lines(columns)})"
    return (
        "SELECT context_date, bot AS bot_id, moment(received_at) AS received_at, source, reason, bytes, "
        f"record_id AS raw FROM {lines}"
    )


def create_earlier(paths: Sequence[Path]) -> str:
    """Return the statement that makes `earlier`: what lies in the day before and may lie in the day itself, as of the latter.

    Only what has no date of its own comes twice; all other identities of a large day would take much memory.
    """
    dated = "(bot, body.update_id) IN (SELECT (bot_id, update_id) FROM records WHERE is_dated IS DISTINCT FROM true)"
    return f"CREATE TABLE earlier AS {earlier_lines(paths)} AND {dated}"


def earlier_lines(paths: Sequence[Path]) -> str:
    """Return the SELECT of the identities of what lies in the day before, as of the day itself."""
    columns = {"sha256": "VARCHAR", "body": "STRUCT(update_id BIGINT)"}
    lines = _read(paths, columns) if paths else f"({_no_lines(columns)})"
    return (
        "SELECT DISTINCT context_date + 1 AS context_date, bot AS bot_id, "
        f"body.update_id AS update_id, hash(sha256) AS body_hash FROM {lines} WHERE sha256 IS NOT NULL"
    )


def _read(paths: Sequence[Path], columns: dict[str, str]) -> str:
    files = ", ".join(text(str(path)) for path in paths)
    types = ", ".join(f"{name}: {text(kind)}" for name, kind in columns.items())
    return (
        f"read_ndjson([{files}], columns = {{{types}}}, filename = true, hive_partitioning = true, "
        f"hive_types = {{'context_date': DATE, 'bot': BIGINT}}, maximum_object_size = getvariable('longest_line'))"
    )


ODD = (
    "count(*) FILTER (kinds IS DISTINCT FROM 1 OR record_id IS NULL OR source IS NULL OR received_at IS NULL "
    "OR bytes IS NULL OR NOT is_hashed OR update_id IS NULL)"
)
"""How many records have a body of no kind or several, or a broken envelope."""
UNMARKED = "count(*) FILTER (NOT has_form)"
"""How many have no mark of the sealer's."""
STRANGE = "count(*) FILTER (NOT is_known)"
"""How many may have what the Bot API does not know."""


def _updates(paths: Sequence[Path]) -> str:
    """Return the SELECT of updates as lines: what `_select` types."""
    kinds = update_kinds()
    others = [kind for kind in kinds if kind not in MESSAGE_KINDS]
    body = ", ".join(f'"{kind}" JSON' for kind in kinds)
    columns = {
        "record_id": "VARCHAR", "source": "VARCHAR", "received_at": "VARCHAR", "bytes": "BIGINT", "sha256": "VARCHAR",
        "form": "VARCHAR", "ordinal": "BIGINT", "kind": "VARCHAR", "unknown": "JSON", "notes": "VARCHAR[]",
        "body": f"STRUCT(update_id BIGINT, {body})",
    }  # fmt: skip
    lines = _read(paths, columns) if paths else f"({_no_lines(columns)})"
    kind_of = " ".join(f"WHEN body.\"{kind}\" IS NOT NULL THEN '{kind}'" for kind in kinds)
    number_of_kinds = " + ".join(f'(body."{kind}" IS NOT NULL)::INTEGER' for kind in kinds)
    has_form = f"coalesce(form IN ({_list(form.either(*form.marks()))}), false) OR ordinal IS NOT NULL"
    return f"""
    SELECT context_date, bot AS bot_id, record_id, source, moment(received_at) AS received_at, bytes,
           hash(sha256) AS body_hash, sha256 IS NOT NULL AS is_hashed,
           body.update_id AS update_id, coalesce(ordinal, 0) AS ordinal, unknown, notes, hash(filename) AS file,
           {has_form} AS has_form,
           coalesce(form IN ({_list(form.marks())}), false) AS is_known,
           coalesce(form IN ({_list(form.either(form.digest() + form.PLAIN))}), false) AS is_plain,
           coalesce(form IN ({_list(form.either(form.digest() + form.FLAT))}), false) AS is_flat,
           coalesce(kind, CASE {kind_of} END) AS kind,
           CASE WHEN {has_form} THEN 1 ELSE {number_of_kinds} END AS kinds,
           coalesce({", ".join(f'body."{kind}"' for kind in MESSAGE_KINDS)}) AS message,
           coalesce({", ".join(f'body."{kind}"' for kind in others)}) AS event,
           bot AS account, CAST(NULL AS BIGINT[]) AS own,
           CAST(NULL AS VARCHAR) AS told_kind, CAST(NULL AS BOOLEAN) AS told_service, CAST(NULL AS JSON) AS told_facts
    FROM {lines}"""


def _select(lines: str, message: str | None = None) -> str:
    """Return the SELECT of `records` from lines of whatever content; `message` is their column of that type, if any."""
    fields = "" if message else f"from_json(message, {text(_message_structure())}) AS m,"
    return f"""
WITH lines AS (
    {lines}
), parsed AS (
    SELECT *, {fields}
           from_json(event, {text(derive.json_structure(derive.usual_event_tree()))}) AS e,
           CASE WHEN NOT has_form THEN json_keys(message, ['$', '$.from', '$.chat']) END AS names
    FROM lines
), sifted AS (
    SELECT *, {_facts()} AS facts FROM parsed
), pruned AS (
    SELECT *, {_rest()} AS rest FROM sifted
), swept AS (
    SELECT *, {_without_empty("rest")} AS left_over FROM pruned
), cleaned AS (
    SELECT *, {_without_empty("left_over")} AS unread FROM swept
), typed AS (
    SELECT *, coalesce(told_kind, {_message_kind()}) AS message_kind, {_extra()} AS extra, {_media()} AS media FROM cleaned
)
SELECT * FROM ({sql_file("_records")})"""


def _no_lines(columns: dict[str, str]) -> str:
    nulls = ", ".join(f"CAST(NULL AS {kind}) AS {name}" for name, kind in columns.items())
    return f"SELECT CAST(NULL AS DATE) AS context_date, CAST(NULL AS BIGINT) AS bot, '' AS filename, {nulls}"


def _message_structure() -> str:
    """Return the message's tree with what few messages have as JSON, for the macros that open it where it is asked for."""
    fields = json.loads(derive.json_structure(derive.usual_message_tree()))
    return json.dumps({name: "JSON" if name in (*derive.MEDIA, _FORWARD) else inner for name, inner in fields.items()})


def _media() -> str:
    """Return the expression of a message's file; of a photo's sizes, the largest."""
    return f"coalesce({', '.join(f'm.{name}' for name in derive.MEDIA if name != 'photo')}, m.photo -> '$[#-1]')"


def _message_kind() -> str:
    """Return the expression of a message's kind: its content or service field, else the first field nobody knows."""
    api = botapi()
    fields = [*api["message_content_fields"], *api["message_service_fields"]]
    rest = [name for name in fields if name not in _TYPED_CONTENT]
    # A field of a wrong type is null in `m`, but it still says what the message is.
    rest += [name for name in fields if name in _TYPED_CONTENT]
    rest.insert(0, rest.pop(rest.index("venue")))  # before `location`, which accompanies it
    known = [*api["message_meta_fields"], *api["undocumented_keys_the_server_writes"]]
    typed = " ".join(f"WHEN m.\"{name}\" IS NOT NULL THEN '{name}'" for name in _TYPED_CONTENT)
    # Each name is looked up once in the list, not each name of the list in the keys.
    places = f"list_transform(json_keys(message), lambda key: list_position([{_list(rest)}], key))"
    return f"""CASE WHEN message IS NULL THEN NULL {typed}
            ELSE coalesce([{_list(rest)}][list_min({places})],
                          list_filter(json_keys(message), lambda name: name NOT IN ({_list(known)}))[1], 'empty') END"""


def _rest() -> str:
    """Return the expression of a message less all that is read of it, maybe with empty objects.

    Rewriting a document is dear, so it is done only where needed. The sealer's mark says which messages are plain, read
    whole, and which are flat, so that only whole fields of the message are left. Of an unmarked one nothing is left when
    it has as many members as `m` has values; nearly all are settled so. (A null or a wrong type only makes it look again.)
    Another payload is marked alike.
    """
    patch, event = derive.read_patch(derive.message_tree()), derive.read_patch(derive.event_tree())
    tree = derive.usual_message_tree()
    usual = {name: inner for name, inner in patch.items() if name in tree.fields}
    settled = [f"len(names[1]) = {_present('m', tree)}"]
    for number, key in enumerate(_USUAL, 2):
        inside = _present(f'm."{key}"', tree.fields[key])
        settled.append(f"coalesce(len(names[{number}]), 0) = {inside}")
    settled += [
        f'm."{key}" IS NULL'
        for key, inner in patch.items()
        if inner is not None and key in tree.fields and key not in _USUAL
    ]
    whole, event_whole = json.dumps(dict.fromkeys(patch)), json.dumps(dict.fromkeys(event))
    return f"""CASE WHEN is_plain OR message IS NULL AND event IS NULL THEN NULL
            WHEN message IS NULL AND json_type(event) <> 'OBJECT' THEN event::VARCHAR
            WHEN message IS NULL
            THEN json_merge_patch(event, CASE WHEN is_flat THEN {text(event_whole)}
                                              ELSE {text(json.dumps(event))} END::JSON)::VARCHAR
            WHEN is_flat THEN json_merge_patch(message, {text(whole)})::VARCHAR
            WHEN NOT has_form AND {" AND ".join(settled)} THEN NULL
            WHEN facts IS NULL THEN json_merge_patch(message, {text(json.dumps(usual))})::VARCHAR
            ELSE json_merge_patch(message, {text(json.dumps(patch))})::VARCHAR END"""


def _without_empty(rest: str) -> str:
    """Return the expression of a document without its empty objects, nor those that this empties: to patch makes them."""
    left = rest
    # In JSON a quote inside a string is escaped, so neither pattern can match within one. Twice: objects in objects.
    for _ in range(2):
        left = (
            f"regexp_replace(regexp_replace({left}, ',\"[A-Za-z_0-9]+\":\\{{\\}}', '', 'g'),"
            f" '\\{{\"[A-Za-z_0-9]+\":\\{{\\}},?', '{{', 'g')"
        )
    return f"CASE WHEN contains({rest}, ':{{}}') THEN {left} ELSE {rest} END"


def _extra() -> str:
    """Return the expression of what no column reads: what is left of the payload, and what nobody knows."""
    payload = "nullif(unread, '{}')"
    return (
        f"CASE WHEN unknown IS NULL THEN {payload} WHEN told_kind IS NOT NULL THEN unknown::VARCHAR"
        f" ELSE json_merge_patch(coalesce({payload}, '{{}}')::JSON, unknown)::VARCHAR END"
    )


def _facts() -> str:
    """Return the expression of a message that has what few messages have, whole, for the tables to open; else NULL.

    A plain message has nothing of it. In any other the names are looked through.
    """
    return f"""CASE WHEN told_facts IS NOT NULL THEN told_facts
            WHEN message IS NULL OR is_plain THEN NULL
            WHEN list_has_any(coalesce(names[1], json_keys(message)), [{_list(derive.rare_fields())}]) THEN message END"""


def _present(path: str, node: derive.Node) -> str:
    return "(" + " + ".join(f'({path}."{key}" IS NOT NULL)::INTEGER' for key in node.fields) + ")"


def _list(names: Sequence[str]) -> str:
    return ", ".join(text(name) for name in names)


def text(value: str) -> str:
    """Return a value as a SQL text literal."""
    return "'" + value.replace("'", "''") + "'"


@cache
def macros() -> str:
    """Return the macros that follow from the Bot API and from what the tables declare that they read.

    `service_kinds` lists the kinds of service messages. `file_of` and `origin_of` open a message's media and the origin
    of a forward: as columns of every record, their fields would be a third of all columns and nearly always empty. For the
    same reason `facts_of_<table>` opens what a table reads of a message beside the usual, and `event_of_<table>` what it
    reads of any other payload.
    """
    fields = json.loads(derive.json_structure(derive.usual_message_tree()))
    kinds = [fields[name][0] if name == "photo" else fields[name] for name in derive.MEDIA]
    media = {key: kind for each in kinds for key, kind in each.items()}
    return (
        f"CREATE MACRO service_kinds() AS [{_list(botapi()['message_service_fields'])}];"
        f"CREATE MACRO kinds_elsewhere() AS [{_list(sorted(KINDS_ELSEWHERE))}];"
        f"CREATE MACRO file_of(media) AS from_json(media, {text(json.dumps(media))});"
        f"CREATE MACRO origin_of(origin) AS from_json(origin, {text(json.dumps(fields[_FORWARD]))});"
        f"{_rights_macro()}{_openers()}"
        f"{exports.macros(json.loads(_message_structure()))}"
    )


@cache
def _openers() -> str:
    """Return the macros by which each table opens what it alone reads."""
    made = []
    for table in BUILT:
        for name, tree in (("facts", derive.rare_tree(table)), ("event", derive.table_event_tree(table))):
            if tree.fields:
                opened = f"from_json(payload, {text(derive.json_structure(tree))})"
                made.append(f"CREATE MACRO {name}_of_{table.name}(payload) AS {opened};")
    return "".join(made)


def _rights_macro() -> str:
    """Return the macro that lists the rights that a `ChatMember` has, by Telegram's names, in the alphabet's order."""
    member = derive.table_event_tree(MEMBERSHIPS).fields["new_chat_member"]
    rights = sorted(name for name in member.fields if name.startswith("can_"))
    listed = ", ".join(f"CASE WHEN member.{name} THEN '{name}' END" for name in rights)
    return f"CREATE MACRO rights_of(member) AS list_filter([{listed}], lambda name: name IS NOT NULL);"
