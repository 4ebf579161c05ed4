"""Write a made-up export of Telegram Desktop, as Desktop formats it, message by message.

    python bench/made_export.py FILE --messages 1000000 --chats 20 --seed 1
    python bench/made_export.py FILE --messages 1000000 --chats 1          # a single chat

Nobody in it exists: words are strung from syllables, ids and dates are drawn. Text, replies, media, entities, reactions,
edits, forwards and service messages, of varied length, spread over three years (--days). The same seed gives the same bytes.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import TextIO

ZONE = timezone(timedelta(hours=-3))
FIRST = int(datetime(2022, 1, 1, 12, tzinfo=UTC).timestamp())
DAYS = 3 * 365
PEOPLE = 400
PRIVATE_WORDS = ("+55 11 5550 0001", "203.0.113.7", "Fabricado Aparelho 9", "contato-segredo", "sessao-segredo")
"""Stand in the parts of a full export that are no messages: none of them may be found in a lake."""

_TYPES = ("public_supergroup", "private_supergroup", "private_group", "public_channel", "personal_chat")
_SYLLABLES = "ba be bi bo bu ca co cu da de do fa fe fi ga go la le li lo lu ma me mi mo na ne no ão pa pe po ra re ro sa so ta te to va vi é".split()  # noqa: E501, SIM905


def write(file: TextIO, messages: int, chats: int, days: int, seed: int) -> None:
    """Write an export of so many messages; with one chat, of that chat alone."""
    dice = random.Random(seed)
    words = ["".join(dice.choices(_SYLLABLES, k=dice.randint(1, 4))) for _ in range(4000)]
    people = [f"{dice.choice(words).title()} {dice.choice(words).title()}" for _ in range(PEOPLE)]
    if chats == 1:
        file.write(f'{{\n "name": "Grupo de Ensaio",\n "type": "{_TYPES[0]}",\n "id": 1900000001,\n "messages": [')
        file.writelines(_messages(dice, messages, days, words, people, "  "))
        file.write("\n ]\n}")
        return
    phone, address, device, contact, session = PRIVATE_WORDS
    before = {
        "about": "Here is the data you requested.",
        "personal_information": {"user_id": 5550001, "first_name": "Nome", "phone_number": phone, "bio": ""},
        "contacts": {
            "about": "…",
            "list": [{"user_id": n, "first_name": contact, "phone_number": phone} for n in range(50)],
        },
        "sessions": {
            "about": "…",
            "list": [{"last_ip": address, "device_model": device, "application_name": session}] * 9,
        },
    }
    file.write(json.dumps(before, indent=1, ensure_ascii=False)[:-2])
    file.write(',\n "chats": {\n  "about": "…",\n  "list": [')
    for number in range(chats):
        type_ = _TYPES[number % len(_TYPES)]
        comma = "," if number else ""
        head = (
            f'"name": "Conversa {number}",\n    "type": "{type_}",\n    "id": {1900000001 + number},\n    "messages": ['
        )
        file.write(f"{comma}\n   {{\n    {head}")
        of_chat = messages // chats + (number < messages % chats)
        file.writelines(_messages(dice, of_chat, days, words, people, "     "))
        file.write("\n    ]\n   }")
    file.write("\n  ]\n }\n}")


def _messages(
    dice: random.Random, count: int, days: int, words: list[str], people: list[str], indent: str
) -> Iterator[str]:
    """Yield messages with what stands before each."""
    inner = f"\n{indent} "
    step = days * 86400 / max(count, 1)
    moment = float(FIRST)
    local = ZONE.utcoffset(None) or timedelta()
    for number in range(1, count + 1):
        moment += dice.expovariate(1 / step)
        unix = int(moment)
        date = datetime.fromtimestamp(unix + local.total_seconds(), UTC).strftime("%Y-%m-%dT%H:%M:%S")
        who = dice.randrange(PEOPLE)
        kind = dice.random()
        members = [f'"id": {number}', '"type": "service"' if kind < 0.02 else '"type": "message"']
        members += [f'"date": "{date}"', f'"date_unixtime": "{unix}"']
        text = " ".join(dice.choices(words, k=min(1 + int(dice.expovariate(1 / 12)), 400)))
        if kind < 0.02:
            members += [
                f'"actor": "{people[who]}"',
                f'"actor_id": "user{5550100 + who}"',
                '"action": "join_group_by_link"',
            ]
            members += ['"inviter": "Group"', '"text": ""', '"text_entities": []']
        else:
            members += _message(dice, number, unix, date, text, people, who, inner, kind)
        yield ("," if number > 1 else "") + f"\n{indent}{{{inner}" + f",{inner}".join(members) + f"\n{indent}}}"


def _message(
    dice: random.Random,
    number: int,
    unix: int,
    date: str,
    text: str,
    people: list[str],
    who: int,
    inner: str,
    kind: float,
) -> Iterator[str]:
    deep, deeper = inner + " ", inner + "  "
    if kind < 0.05:
        yield f'"edited": "{date}"'
        yield f'"edited_unixtime": "{unix}"'
    yield f'"from": "{people[who]}"'
    yield f'"from_id": "user{5550100 + who}"'
    if kind > 0.7 and number > 9:
        yield f'"reply_to_message_id": {number - dice.randint(1, 9)}'
    if 0.05 < kind < 0.08:
        yield f'"forwarded_from": "{people[-who]}"'
    if 0.1 < kind < 0.18:
        yield f'"photo": "photos/photo_{number}@01-01-2022_10-00-00.jpg"'
        yield f'"photo_file_size": {dice.randint(9_000, 900_000)}'
        yield '"width": 960'
        yield '"height": 1280'
    elif 0.18 < kind < 0.22:
        yield '"file": "(File not included. Change data exporting settings to download.)"'
        yield f'"file_size": {dice.randint(9_000, 90_000)}'
        yield '"media_type": "voice_message"'
        yield '"mime_type": "audio/ogg"'
        yield f'"duration_seconds": {dice.randint(1, 200)}'
    if 0.22 < kind < 0.3:
        link = f"https://exemplo.invalid/{number}"
        part = f'{{{deeper}"type": "link",{deeper}"text": "{link}"{deep}}}'
        plain = f'{{{deeper}"type": "plain",{deeper}"text": "{text} "{deep}}}'
        yield f'"text": [{deep}"{text} ",{deep}{part}{inner}]'
        yield f'"text_entities": [{deep}{plain},{deep}{part}{inner}]'
    else:
        yield f'"text": "{text}"'
        yield f'"text_entities": [{deep}{{{deeper}"type": "plain",{deeper}"text": "{text}"{deep}}}{inner}]'
    if kind > 0.95:
        count = f'"count": {dice.randint(1, 9)}'
        yield f'"reactions": [{deep}{{{deeper}"type": "emoji",{deeper}{count},{deeper}"emoji": "👍"{deep}}}{inner}]'


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--chats", type=int, default=20)
    parser.add_argument("--days", type=int, default=DAYS)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with asked.file.open("w", encoding="utf-8", newline="\n") as file:
        write(file, asked.messages, asked.chats, asked.days, asked.seed)


if __name__ == "__main__":
    main()
