"""Write src/telelake/telegram/botapi.json anew from the schema that aiogram's source distribution carries.

    python docs/make_botapi.py --aiogram 3.31.0      fetch that version with pip and read its schema
    python docs/make_botapi.py --schema schema.json  read a schema that is there; no network
    … --check                                        write nothing; exit 1 when the file differs

Prints what is new, and what no column reads. Three facts are in no schema and are kept from the file before: which fields
of a message are its content, which make it a service message, and what the server writes without documenting it. A
new field of a message is put where its description points; look at what the script says of it.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from telelake.tables import derive
from telelake.telegram.update import MESSAGE_KINDS

FILE = Path(__file__).parent.parent / "src" / "telelake" / "telegram" / "botapi.json"
MEMBER = ".butcher/schema/schema.json"

_MEMBERS = re.compile(r"^ - (\w+)$", re.MULTILINE)
_FIXED = re.compile(r"\b(?:always|one of|can be|either)(?= '| either '| one of ')", re.IGNORECASE)
"""Said before the first of all values that a text may have. Said too easily, and what people write would count as a tag."""
_VALUE = re.compile(r"'([A-Za-z0-9_]+)'")
_ADDED = ("message_content_fields", "message_service_fields", "message_meta_fields")


def fetched(version: str) -> dict[str, Any]:
    """Return the schema of a version of aiogram, by pip's own download."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        subprocess.run([*command, "--no-binary", ":all:", "--dest", folder, f"aiogram=={version}"], check=True)  # noqa: S603
        (path,) = Path(folder).glob("aiogram-*.tar.gz")
        with tarfile.open(path) as archive:
            member = next(each for each in archive if each.name.endswith(MEMBER))
            file = archive.extractfile(member)
            assert file is not None
            found: dict[str, Any] = json.load(file)
            return found


def reduced(schema: dict[str, Any], source: str, before: dict[str, Any]) -> dict[str, Any]:
    """Return a schema less all but names, types and fixed values, with what is kept from the file before."""
    found = [each for part in schema["items"] for each in part["children"] if each["category"] == "types"]
    types = {each["name"]: _type(each) for each in found}
    fields = {
        each["name"]: each["description"] for name in found if name["name"] == "Message" for each in name["annotations"]
    }
    places = {name: key for key in _ADDED for name in before[key]}
    places |= {name: _place(description) for name, description in fields.items() if name not in places}
    lists = {key: [name for name in fields if places[name] == key] for key in _ADDED}
    return {
        "botapi": schema["api"]["version"],
        "released": schema["api"]["release_date"],
        "source": source,
        "types": types,
        "update_kinds": [name for name, *_ in types["Update"]["fields"] if name != "update_id"],
        "message_meta_fields": sorted(lists["message_meta_fields"]),
        "message_content_fields": lists["message_content_fields"],
        "message_service_fields": lists["message_service_fields"],
        "undocumented_keys_the_server_writes": before["undocumented_keys_the_server_writes"],
        "undocumented_update_kinds_in_server_source": before["undocumented_update_kinds_in_server_source"],
    }


def news(new: dict[str, Any], before: dict[str, Any]) -> Iterator[str]:
    """Yield what one reduced Bot API has and the other has not, a line each."""
    yield from (f"new update kind: {kind}" for kind in _more(new["update_kinds"], before["update_kinds"]))
    yield from (f"gone update kind: {kind}" for kind in _more(before["update_kinds"], new["update_kinds"]))
    places = {name: key for key in _ADDED for name in new[key]}
    for name, kind in new["types"].items():
        old = before["types"].get(name)
        if old is None:
            yield f"new type: {name}"
            continue
        yield from (f"new member of {name}: {each}" for each in _more(kind.get("one_of", ()), old.get("one_of", ())))
        was, now = ({field[0]: field for field in each["fields"]} for each in (old, kind))
        for key in _more(now, was):
            where = f", put into {places[key]}: look whether it belongs there" if name == "Message" else ""
            yield f"new field: {name}.{key} ({now[key][1]}){where}"
        yield from (f"gone field: {name}.{key}" for key in _more(was, now))
        for key in now.keys() & was.keys():
            if now[key][1] != was[key][1]:
                yield f"other type: {name}.{key} was {was[key][1]}, is {now[key][1]}"
            values, old_values = ([*each[key][3]] if len(each[key]) > 3 else [] for each in (now, was))
            yield from (f"new value of {name}.{key}: {value}" for value in _more(values, old_values))


def unread(api: dict[str, Any]) -> Iterator[str]:
    """Yield, for a message and for each other kind, the fields that no column reads."""
    payloads = {field[0]: field[1] for field in api["types"]["Update"]["fields"] if field[0] in api["update_kinds"]}
    trees = {"Message": derive.message_tree()}
    trees |= {name: derive.event_tree() for kind, name in payloads.items() if kind not in MESSAGE_KINDS}
    for name, tree in trees.items():
        fields = [field[0] for field in api["types"][name]["fields"]]
        if left := _more(fields, tree.fields):
            yield f"{name}: {len(left)} of {len(fields)} fields unread: {', '.join(left)}"


def main() -> int:
    """Write the file, or compare."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--aiogram", metavar="VERSION", help="version whose schema is meant; fetched unless --schema is given"
    )
    parser.add_argument("--schema", type=Path, help="schema.json of aiogram's source distribution, already there")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when the file differs")
    given = parser.parse_args()
    if not given.aiogram and not given.schema:
        parser.error("name a version with --aiogram, or a file with --schema")
    schema = json.loads(given.schema.read_bytes()) if given.schema else fetched(given.aiogram)
    distribution = f"aiogram {given.aiogram} source distribution" if given.aiogram else "aiogram source distribution"
    before = json.loads(FILE.read_bytes())
    source = f"{distribution}, {MEMBER} (MIT), reduced to names, types and enumerations"
    new = reduced(schema, source, before)
    text = json.dumps(new, ensure_ascii=False, separators=(",", ":"))
    said = [f"Bot API {new['botapi']} of {new['released']}; the file was {before['botapi']}."]
    said += [*(list(news(new, before)) or ["nothing new"]), "", *unread(new)]
    sys.stdout.write("\n".join([*said, ""]))
    differs = text != FILE.read_text(encoding="utf-8")
    if not given.check:
        FILE.write_text(text, encoding="utf-8")
    return int(given.check and differs)


def _type(found: dict[str, Any]) -> dict[str, Any]:
    fields = [[each["name"], each["type"], each["required"], *_values(each)] for each in found["annotations"]]
    members = _MEMBERS.findall(found["description"])
    return {"one_of": members, "fields": fields} if members else {"fields": fields}


def _values(field: dict[str, Any]) -> list[list[str]]:
    """Return the values that a text is said to have, if it is said to have no others."""
    said = _FIXED.search(field["description"])
    if field["type"] != "String" or not said:
        return []
    values = list(dict.fromkeys(_VALUE.findall(field["description"], said.start())))
    return [values] if values else []


def _place(description: str) -> str:
    if re.match(r"Service message|Message is a service message", description):
        return "message_service_fields"
    return "message_content_fields" if re.match(r"Message is an? ", description) else "message_meta_fields"


def _more(these: Any, than: Any) -> list[str]:
    return [each for each in these if each not in than]


if __name__ == "__main__":
    sys.exit(main())
