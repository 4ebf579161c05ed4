"""Made-up persons in every place where Telegram may put one, and a search for them in all that lies beside raw."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from telelake.wrangle.masks.columns import Masks
from telelake.wrangle.masks.ids import Pseudonyms
from tests.conftest import BOT, NOW, LakeFolder, message

KEY = "canary-key-of-pseudonyms-that-is-long-enough"
MASKS = Masks(Pseudonyms(KEY, [BOT, BOT + 1]), "BR")

ANA, BIA, PRIVATE = 6_100_000_001, 6_100_000_002, 6_100_000_003
CANARIES = {
    "id": [ANA, BIA, PRIVATE],
    "name": ["Canaria", "Fictoria", "Zulmirante"],
    "username": ["ana_canaria", "bia_fictoria"],
    "phone": ["987654321", "98765-4321", "98765 4321"],
    "mail": ["canaria@example.org"],
    "cpf": ["529.982.247-25", "52998224725"],
    "card": ["4111 1111 1111 1111", "4111111111111111"],
    "place": ["-23.550", "-46.633"],
}
WORDS = (
    "sou a Canaria, zap (11) 98765-4321 ou canaria@example.org, cpf 529.982.247-25, cartão 4111 1111 1111 1111, "
    "fala com @ana_canaria ou t.me/bia_fictoria"
)
UNMARKED = WORDS.replace("Canaria", "pessoa")
"""Where no entities stand beside a text, names in it are not known for names."""
NAMED = {
    "type": "text_mention",
    "offset": 6,
    "length": 7,
    "user": {"id": ANA, "is_bot": False, "first_name": "Canaria"},
}
BOLD = {"type": "bold", "offset": 19, "length": 10}  # a part of the number, which by itself is none
PERSON = {"id": ANA, "is_bot": False, "first_name": "Canaria", "last_name": "Zulmirante", "username": "ana_canaria"}
OTHER = {"id": BIA, "is_bot": False, "first_name": "Fictoria", "username": "bia_fictoria"}
ALONE = {"id": PRIVATE, "type": "private", "first_name": "Zulmirante", "username": "bia_fictoria"}
GROUP = {"id": -1001000000001, "title": "Suporte", "type": "supergroup"}
MARKS = [NAMED, BOLD, {"type": "mention", "offset": WORDS.index("@ana_"), "length": 12}]


def update(number: int, kind: str, **payload: Any) -> dict[str, Any]:
    """Return an update of some kind."""
    return {"update_id": number, kind: payload}


def talk() -> list[dict[str, Any]]:
    """Return updates with canaries wherever Telegram may put a person."""
    said = {"from": PERSON, "text": WORDS, "entities": MARKS}
    shown = {"message_id": 1, "date": int(NOW.timestamp()), "chat": GROUP, **said}
    photo = [{"file_id": "x", "file_unique_id": "u", "width": 1, "height": 1}]
    more: list[dict[str, Any]] = [
        {
            "reply_to_message": {"message_id": 1, "from": OTHER, "chat": GROUP, "text": WORDS},
            "quote": {"text": UNMARKED, "position": 0},
        },
        {"forward_origin": {"type": "user", "sender_user": OTHER, "date": 1700000000}},
        {"forward_origin": {"type": "hidden_user", "sender_user_name": "Fictoria", "date": 1700000000}},
        {"external_reply": {"origin": {"type": "user", "sender_user": OTHER}, "chat": ALONE, "message_id": 3}},
        {"text": None, "entities": None, "photo": photo, "caption": WORDS, "caption_entities": MARKS},
        {
            "text": None,
            "entities": None,
            "document": {"file_id": "x", "file_unique_id": "u", "file_name": "CV Canaria 529.982.247-25.pdf"},
        },
        {
            "text": None,
            "entities": None,
            "contact": {
                "phone_number": "+5511987654321",
                "first_name": "Fictoria",
                "user_id": BIA,
                "vcard": "TEL:98765-4321",
            },
        },
        {
            "text": None,
            "entities": None,
            "venue": {
                "location": {"latitude": -23.55052, "longitude": -46.63331},
                "title": "Casa da Canaria",
                "address": "Rua Zulmirante 1",
            },
            "location": {"latitude": -23.55052, "longitude": -46.63331},
        },
        {
            "text": None,
            "entities": None,
            "poll": {
                "id": "1",
                "question": WORDS,
                "question_entities": [NAMED],
                "options": [{"text": UNMARKED, "voter_count": 0}],
            },
        },
        {"text": None, "entities": None, "new_chat_members": [OTHER]},
        {"text": None, "entities": None, "left_chat_member": OTHER},
        {"text": None, "entities": None, "pinned_message": shown},
        {
            "text": None,
            "entities": None,
            "users_shared": {
                "request_id": 1,
                "users": [{"user_id": BIA, "first_name": "Fictoria", "username": "bia_fictoria"}],
            },
        },
        {
            "text": None,
            "entities": None,
            "successful_payment": {
                "currency": "BRL",
                "total_amount": 5,
                "invoice_payload": "canaria@example.org",
                "order_info": {"name": "Canaria", "phone_number": "11987654321", "email": "canaria@example.org"},
            },
        },
        {"chat": ALONE, "from": {**PERSON, "id": PRIVATE}, "author_signature": "Canaria", "sender_tag": "Fictoria"},
        {
            "via_bot": {"id": BIA, "is_bot": True, "first_name": "Fictoria"},
            "never_seen": {"who": "Canaria", "number": BIA, str(ANA): 1},
        },
        {"entities": [*MARKS, {"type": "text_link", "offset": 0, "length": 3, "url": f"tg://user?id={BIA}"}]},
    ]
    return [
        *(message(100 + number, 100 + number, **{**said, **fields}) for number, fields in enumerate(more)),
        message(90, 90, kind="edited_message", **said, edit_date=int(NOW.timestamp()) + 5),
        update(
            1,
            "callback_query",
            id=str(ANA << 3),
            **{"from": PERSON},
            message=shown,
            chat_instance="1",
            data=f"ban 11987654321 {UNMARKED}",
        ),
        update(
            2,
            "inline_query",
            id="5",
            **{"from": PERSON},
            query=UNMARKED,
            offset="",
            location={"latitude": -23.55052, "longitude": -46.63331},
        ),
        update(3, "chosen_inline_result", result_id="5", **{"from": PERSON}, query=UNMARKED),
        update(
            4,
            "my_chat_member",
            chat=ALONE,
            **{"from": PERSON},
            date=int(NOW.timestamp()),
            old_chat_member={"user": PERSON, "status": "left"},
            new_chat_member={"user": OTHER, "status": "member"},
        ),
        update(
            5,
            "chat_join_request",
            chat=GROUP,
            **{"from": PERSON},
            user_chat_id=ANA,
            date=int(NOW.timestamp()),
            bio=UNMARKED,
        ),
        update(
            6,
            "message_reaction",
            chat=ALONE,
            message_id=3,
            user=PERSON,
            date=int(NOW.timestamp()),
            old_reaction=[],
            new_reaction=[],
        ),
        update(7, "poll_answer", poll_id="1", user=PERSON, option_ids=[0]),
        update(
            8, "business_connection", id="b", user=PERSON, user_chat_id=ANA, date=int(NOW.timestamp()), is_enabled=True
        ),
        update(
            9,
            "shipping_query",
            id="5",
            **{"from": PERSON},
            invoice_payload="x",
            shipping_address={"country_code": "BR", "city": "Zulmirante", "street_line1": "Canaria"},
        ),
        update(10, "purchased_paid_media", **{"from": PERSON}, paid_media_payload=UNMARKED),
        update(
            11,
            "chat_boost",
            chat=GROUP,
            boost={
                "boost_id": "x",
                "add_date": 1700000000,
                "expiration_date": 1800000000,
                "source": {"source": "premium", "user": OTHER},
            },
        ),
        update(12, "nobody_knows", who="Canaria", person={"id": ANA}, words=UNMARKED),
    ]


def fill(lake: LakeFolder) -> None:
    """Put the talk into a lake, with the bot's calls about it and an export of the same people."""
    lake.add(*talk())
    lake.add(b'{"update_id": "Canaria"', b"6100000001 Canaria")
    sent = {
        "message_id": 5,
        "date": int(NOW.timestamp()),
        "chat": ALONE,
        "from": {"id": BOT, "is_bot": True, "first_name": "Robo"},
        "text": WORDS,
        "entities": MARKS,
    }
    lake.seal(
        [
            lake.call(
                "sendMessage",
                {
                    "chat_id": str(PRIVATE),
                    "text": UNMARKED,
                    "reply_markup": '{"force_reply":true,"input_field_placeholder":"11987654321"}',
                },
                {"ok": True, "result": sent},
            ),
            lake.call(
                "getChat",
                {"chat_id": ANA},
                {
                    "ok": True,
                    "result": {**PERSON, "type": "private", "bio": WORDS, "birthdate": {"day": 1, "month": 2}},
                },
            ),
            lake.call(
                "banChatMember",
                {"chat_id": "@ana_canaria", "user_id": BIA},
                {"ok": False, "error_code": 400, "description": "Bad Request: @ana_canaria not found"},
            ),
            lake.call(
                "sendDocument",
                {"chat_id": PRIVATE, "document": {"name": "Canaria.pdf", "type": "application/pdf", "bytes": 5}},
                {"ok": True, "result": True},
            ),
        ]
    )
    at = str(int(NOW.timestamp()))
    lake.add_export(
        {
            "id": 900,
            "type": "message",
            "date_unixtime": at,
            "from": "Canaria Zulmirante",
            "from_id": f"user{ANA}",
            "text": WORDS,
            "text_entities": [
                {"type": "plain", "text": "sou a "},
                {"type": "mention_name", "text": "Canaria", "user_id": ANA},
                {"type": "plain", "text": WORDS[13:]},
            ],
        },
        {
            "id": 901,
            "type": "service",
            "date_unixtime": at,
            "actor": "Canaria",
            "actor_id": f"user{ANA}",
            "action": "invite_members",
            "members": ["Fictoria", "Zulmirante"],
            "text": "",
        },
        {
            "id": 902,
            "type": "message",
            "date_unixtime": at,
            "from": "Canaria",
            "from_id": f"user{ANA}",
            "forwarded_from": "Fictoria",
            "text": "x",
            "text_entities": [],
        },
    )
    lake.add_export(
        {
            "id": 1,
            "type": "message",
            "date_unixtime": at,
            "from": "Zulmirante",
            "from_id": f"user{PRIVATE}",
            "text": UNMARKED,
            "text_entities": [],
        },
        chat={"id": PRIVATE, "type": "private", "name": "Zulmirante"},
        account=ANA,
        file="other.json",
    )


def contents(root: Path) -> Iterator[tuple[str, bytes]]:
    """Yield all that lies beside raw, as it is and decompressed."""
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        name = str(path.relative_to(root))
        if name.startswith(("raw/", "quarantine/")):
            continue
        data = path.read_bytes()
        yield name, data
        if path.suffix == ".parquet":
            with duckdb.connect() as con:
                rows = con.execute(f"SELECT CAST(COLUMNS(*) AS VARCHAR) FROM read_parquet('{path}')").fetchall()
            yield name, repr(rows).encode()
            yield name, repr(pq.read_metadata(path).to_dict()).encode()
        elif path.suffix == ".avro":
            # Blocks lie between markers: two numbers, then raw deflate.
            for block in data.split(data[-16:]):
                for head in range(2, 12):
                    try:
                        yield name, zlib.decompressobj(-15).decompress(block[head:])
                    except zlib.error:
                        continue


def found(root: Path) -> dict[str, list[str]]:
    """Return which kinds of canaries lie where."""
    hits: dict[str, list[str]] = {}
    for name, data in contents(root):
        for kind, values in CANARIES.items():
            for value in values:
                forms = [str(value).encode()]
                if isinstance(value, int):
                    forms += [value.to_bytes(8, "little"), value.to_bytes(8, "big")]
                if any(form in data for form in forms):
                    hits.setdefault(kind, []).append(name)
    return hits
