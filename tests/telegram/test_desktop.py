"""An export is read message by message, whatever its layout, to its proper end or not at all."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telelake.errors import UnreadableFile
from telelake.telegram import desktop, desktop_file, json_stream
from telelake.telegram.desktop import Message, account_of, chat_id, clock_of, redact, sent_at
from telelake.telegram.desktop_file import Batch, ExportReader

EXPORTS = Path(__file__).parents[1] / "data" / "exports"
SAO_PAULO = ZoneInfo("America/Sao_Paulo")


def reader(text: bytes) -> ExportReader:
    def open_at(offset: int) -> io.BytesIO:
        return io.BytesIO(text[offset:])

    return ExportReader(open_at)


def read(text: bytes) -> list[tuple[int | None, bytes, str | None]]:
    """Every message: its chat's id, its bytes, and why it is none."""
    return [
        (batch.chat.id, body, batch.problems.get(number))
        for batch in reader(text).batches()
        for number, body in enumerate(batch.bodies)
    ]


def batches(text: bytes) -> list[Batch]:
    return list(reader(text).batches())


def message(number: int, text: str = "oi", **fields: Any) -> dict[str, Any]:
    moment = 1_700_000_000 + number * 60
    local = datetime.fromtimestamp(moment, SAO_PAULO).strftime("%Y-%m-%dT%H:%M:%S")
    return {
        "id": number, "type": "message", "date": local, "date_unixtime": str(moment), "from": "Ana", "from_id": "user11",
        "text": text, "text_entities": [{"type": "plain", "text": text}], **fields,
    }  # fmt: skip


def chat(*messages: Any, **heading: Any) -> dict[str, Any]:
    return {"name": "Suporte", "type": "private_supergroup", "id": 1000000001, **heading, "messages": list(messages)}


def full(*chats: Any, left: tuple[Any, ...] = (), **other: Any) -> dict[str, Any]:
    return {
        "about": "Here it is.", "personal_information": {"user_id": 77, "first_name": "A", "phone_number": "+55 1"}, **other,
        "chats": {"about": "…", "list": list(chats)}, "left_chats": {"about": "…", "list": list(left)},
    }  # fmt: skip


def as_desktop(value: Any) -> bytes:
    """As Desktop writes: one space a level, text as it is."""
    return json.dumps(value, indent=1, ensure_ascii=False).encode()


LAYOUTS: dict[str, Callable[[Any], bytes]] = {
    "desktop": as_desktop,
    "minified": lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(),
    "one line": lambda value: json.dumps(value, ensure_ascii=False).encode(),
    "two spaces": lambda value: json.dumps(value, indent=2, ensure_ascii=False).encode(),
    "no indentation": lambda value: json.dumps(value, indent=0, ensure_ascii=False).encode(),
    "tabs": lambda value: json.dumps(value, indent="\t", ensure_ascii=False).encode(),
    "crlf": lambda value: as_desktop(value).replace(b"\n", b"\r\n"),
    "escaped": lambda value: json.dumps(value, indent=1).encode(),
    "sorted": lambda value: json.dumps(value, indent=1, ensure_ascii=False, sort_keys=True).encode(),
    "mark": lambda value: b"\xef\xbb\xbf" + as_desktop(value) + b"\r\n\n ",
}


@pytest.mark.parametrize("name", ["export_03.json", "export_06.json", "export_12.json"])
def test_a_real_export_gives_each_message_byte_for_byte(name: str) -> None:
    text = (EXPORTS / name).read_bytes()
    found = read(text)

    expected = json.loads(text)
    assert [json.loads(body) for _, body, _ in found] == expected["messages"]
    assert {each for each, _, _ in found} == {-1_000_000_000_000 - expected["id"]}
    at = 0
    for _, body, problem in found:
        assert problem is None
        at = text.index(body, at) + len(body)


def test_nearly_all_messages_are_found_by_what_stands_between_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """The quick way is really taken: brackets are counted for the first and the last message of a chat only."""
    counted = 0
    one = ExportReader._one

    def counting(self: ExportReader, batch: Batch) -> bytes:
        nonlocal counted
        counted += 1
        return one(self, batch)

    monkeypatch.setattr(ExportReader, "_one", counting)
    for layout in LAYOUTS.values():
        counted = 0
        assert len(read(layout(full(*(chat(*map(message, range(200)), id=n) for n in range(5)))))) == 1000
        assert counted <= 15


TEXTS = st.text(
    st.characters(codec="utf-8") | st.sampled_from('"\\{}[],:\n\r\t\x00\x0b\x1f\u2028 x'), max_size=12
) | st.sampled_from(['},{"id":', '"},\n  {\n   "id": 1', '{"messages": [', "\\x0B", "\\", '\\"', "a\\\\x0Bb"])  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(TEXTS | st.sampled_from(["id", "type"]), inner, max_size=3)
    ),
    max_leaves=8,
)
MESSAGES = st.fixed_dictionaries(
    {}, optional={"id": VALUES, "type": st.just("message") | VALUES, "date": VALUES, "text": VALUES, "more": VALUES}
)
CHATS = st.fixed_dictionaries(
    {"name": st.none() | TEXTS, "type": st.sampled_from(sorted(desktop.CHAT_TYPES)), "id": st.integers(1, 10**10)},
    optional={"messages": st.lists(MESSAGES | VALUES, max_size=6)},
)
EXPORT = st.one_of(
    st.builds(lambda heading, messages: {**heading, "messages": messages}, CHATS, st.lists(MESSAGES | VALUES, max_size=9)),
    st.builds(
        lambda chats, left, other: full(*chats, left=tuple(left), contacts=other),
        *[st.lists(CHATS, max_size=4)] * 2, VALUES,
    ),
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(EXPORT, st.integers(1, 40))
def test_every_layout_gives_the_same(export: Any, size: int) -> None:
    """Also with a window of a few bytes, which cuts every string and number somewhere."""
    expected = [each for each in _chats(export) if isinstance(each.get("messages"), list)]
    messages = [(heading["id"], each) for heading in expected for each in heading["messages"]]
    sizes = json_stream.CHUNK, desktop_file._REACH, desktop_file._COMMON, json_stream._COMMA_REACH
    for layout, written in LAYOUTS.items():
        if layout == "sorted":
            continue  # other order of keys inside of messages; it has a test of its own
        text = written(export)
        try:
            json_stream.CHUNK = desktop_file._REACH = desktop_file._COMMON = json_stream._COMMA_REACH = size
            narrow = [(batch.chat.export_id, body) for batch in batches(text) for body in batch.bodies]
        finally:
            json_stream.CHUNK, desktop_file._REACH, desktop_file._COMMON, json_stream._COMMA_REACH = sizes
        wide = [(batch.chat.export_id, body) for batch in batches(text) for body in batch.bodies]
        assert wide == narrow
        assert [(number, _known(json.loads(body))) for number, body in wide] == [
            (n, _known(each)) for n, each in messages
        ]


def _chats(export: Any) -> list[Any]:
    if "messages" in export and "chats" not in export:
        return [export]
    return [*export["chats"]["list"], *export["left_chats"]["list"]]


def _known(value: Any) -> Any:
    return json.dumps(value, sort_keys=True)


def test_a_file_whose_keys_were_sorted_is_the_same_export() -> None:
    """There a chat's id and type stand behind its messages."""
    export = full(chat(message(1), message(2), id=5), chat(message(3), type="private_group", id=6), chat(id=7))
    text = LAYOUTS["sorted"](export)

    assert text.index(b'"messages"') < text.index(b'"type": "private_')
    found = [(batch.chat.id, [json.loads(body)["id"] for body in batch.bodies]) for batch in batches(text)]
    assert found == [(-1000000000005, [1, 2]), (-6, [3]), (-1000000000007, [])]


@pytest.mark.parametrize(
    ("type_", "expected"),
    [
        ("saved_messages", 77), ("replies", 77), ("verification_codes", 77), ("personal_chat", 77), ("bot_chat", 77),
        ("private_group", -77), ("private_supergroup", -1000000000077), ("public_supergroup", -1000000000077),
        ("private_channel", -1000000000077), ("public_channel", -1000000000077), ("", None), (None, None), (5, None),
    ],
)  # fmt: skip
def test_ids_are_those_of_the_bot_api(type_: Any, expected: int | None) -> None:
    (batch,) = batches(as_desktop(chat(type=type_, id=77)))

    assert batch.chat.id == expected


def test_an_id_of_the_bot_api_stays() -> None:
    assert chat_id(-1001234567890, "supergroup") == -1001234567890
    assert chat_id(1234567890, "channel") == -1001234567890


def test_a_chat_may_lack_a_name_or_have_none() -> None:
    named, unnamed = chat(name=None), chat(type="saved_messages")
    del unnamed["name"]

    assert [batch.chat.name for batch in batches(as_desktop(full(named, unnamed)))] == [None, None]


def test_illegal_escapes_are_repaired_and_counted() -> None:
    """Desktop writes control characters as \\x0B; an escaped backslash before an x is none of those."""
    text = as_desktop(chat(message(1, "A?B \\x0B"), message(2, "\\x0B"), message(3), name="N?"))
    text = text.replace(b"A?B", b"A\\x0BB\\x1f").replace(b'"N?"', b'"N\\x00"')
    with pytest.raises(ValueError, match="escape"):
        json.loads(text)
    it = reader(text)
    (batch,) = it.batches()

    assert [json.loads(body)["text"] for body in batch.bodies] == ["A\x0bB\x1f \\x0B", "\\x0B", "oi"]
    assert it.repaired == 4  # the text stands in the message twice
    assert batch.chat.name == "N\x00"
    assert b'"A\\u000BB\\u001f \\\\x0B"' in batch.bodies[0]


def test_what_is_no_message_says_why() -> None:
    deep = "[" * 100_000 + "]" * 100_000
    text = as_desktop(chat(message(1), 5, None, "text", [message(9)], {"id": 1}, {"type": 7}, "DEEP", message(2)))
    text = text.replace(b'"DEEP"', f'{{"type": "message", "more": {deep}}}'.encode())

    assert [problem for _, _, problem in read(text)] == [
        None, "not an object", "not an object", "not an object", "not an object", "no type", "no type", "nested too deeply",
        None,
    ]  # fmt: skip


def test_bytes_that_are_no_utf_8_are_told_from_damage() -> None:
    text = as_desktop(chat(message(1), message(2, "AQUI"), message(3))).replace(b"AQUI", b"\xff\xfe")

    assert [problem for _, _, problem in read(text)] == [None, "not UTF-8", None]
    assert b"\xff\xfe" in read(text)[1][1]


@pytest.mark.parametrize("odd", ["\\ud83d", "\\ud83d\\ud83d"])
def test_half_an_emoji_stops_nothing(odd: str) -> None:
    text = as_desktop(chat(message(1), message(2, "AQUI"), message(3))).replace(b"AQUI", odd.encode())

    assert [problem for _, _, problem in read(text)] == [None, None, None]


def test_wrong_types_are_kept() -> None:
    odd = [
        {"id": "x", "type": "message", "date": 5, "date_unixtime": {}, "text": 1},
        {"type": "unsupported"},
        {"id": 1, "type": "message", "date_unixtime": 1_700_000_000},
        {"id": 10**400, "type": "message", "date": None},
    ]
    (batch,) = batches(as_desktop(chat(*odd)))

    assert batch.problems == {}
    assert [sent_at(each, UTC) for each in batch.messages] == [None, None, 1_700_000_000, None]


@pytest.mark.parametrize(
    ("date", "unix", "expected"),
    [
        ("2023-11-14T19:13:20", "1700000000", 1_700_000_000),
        ("2023-11-14T19:13:20", None, 1_700_000_000),
        ("2018-01-01T00:00:00", None, 1_514_772_000),  # summer time there, then
        ("2023-11-14T19:13:20", "no number", None),
        ("yesterday", None, None),
        ("1970-01-01T00:00:00", "0", None),
        ("9999-12-31T23:59:59", None, None),
        (None, "99999999999999999999", None),
        (None, None, None),
    ],
)
def test_a_message_has_the_time_that_it_says(date: str | None, unix: str | None, expected: int | None) -> None:
    assert sent_at(Message("message", date, unix), SAO_PAULO) == expected


def test_the_clock_of_the_exporting_machine_is_found() -> None:
    text = as_desktop(chat({"id": 1, "type": "unsupported"}, message(2)))

    assert clock_of(text) == (datetime.fromtimestamp(1_700_000_120, UTC), timedelta(hours=-3))
    assert clock_of(as_desktop(chat(message(1, '"date_unixtime": "1"', date_unixtime=None)))) is None
    assert clock_of(text.replace(b'"1700000120"', b'"100"')) is None  # no zone is decades away
    assert timezone(clock_of(text)[1]).utcoffset(None) == timedelta(hours=-3)


def test_whose_export_it_is_is_found() -> None:
    assert account_of(as_desktop(full())) == 77
    assert account_of(as_desktop(chat(message(1, '"personal_information": {"user_id": 5}')))) is None


SECRET = "+55 11 5550-0001"


@pytest.mark.parametrize(
    "shared",
    [
        {"contact_information": {"first_name": "Bia", "last_name": "", "phone_number": SECRET}},
        {"contact_vcard": f"contacts/{SECRET}.vcard"},
        {"phone_number": [SECRET, {"a": SECRET}], "after": 1},
        {"phone_number": {"phone_number": SECRET}, "deep": [{"phone_number": SECRET}]},
        {"phone_number": 5511555500010000, "text": "x"},
    ],
)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_numbers_and_cards_of_shared_contacts_are_redacted(shared: dict[str, Any], layout: str) -> None:
    text = LAYOUTS[layout](chat(message(1), message(2, **shared), message(3), message(4, **shared)))
    it = reader(text)
    bodies = [body for batch in it.batches() for body in batch.bodies]

    assert not any(SECRET.encode() in body or b"5511555500010000" in body for body in bodies)
    assert it.redacted >= 2
    kept = [json.loads(body) for body in bodies]
    assert [each["id"] for each in kept] == [1, 2, 3, 4]
    assert all(each["from_id"] == "user11" for each in kept)


def test_text_that_speaks_of_a_phone_number_stays() -> None:
    text = f'my "phone_number": "{SECRET}" {SECRET}'
    body = as_desktop(message(1, text, phone_number=None))

    assert redact(body) == (body, 0)
    (batch,) = batches(as_desktop(chat(message(1, text))))
    assert json.loads(batch.bodies[0])["text"] == text


def test_nested_json_in_strings_is_left_as_it_is() -> None:
    nested = json.dumps({"title": "x", "amount": 5, "list": [{"id": 1}, {"id": 2}]})
    (batch,) = batches(LAYOUTS["minified"](chat(*(message(n, invoice_information=nested) for n in range(3)))))

    assert [json.loads(body)["invoice_information"] for body in batch.bodies] == [nested] * 3


@pytest.mark.parametrize("layout", ["desktop", "minified", "sorted"])
def test_a_file_cut_off_anywhere_is_refused(layout: str) -> None:
    text = LAYOUTS[layout](full(chat(message(1), message(2, "ção😀")), chat(message(3), id=2), left=(chat(id=3),)))
    for length in range(len(text)):
        with pytest.raises(UnreadableFile, match=r"ends at byte|damaged at byte"):
            batches(text[:length])
    assert len(batches(text)) == 3


def test_a_cut_off_file_says_how_far_it_was_read() -> None:
    text = as_desktop(full(chat(message(1), message(2)), chat(*map(message, range(3, 200)), name="Segundo", id=9)))
    cut = text.index(b'"id": 150,')
    with pytest.raises(UnreadableFile) as caught:
        batches(text[:cut])

    said = (
        f"the file ends at byte {cut:,}, in the middle of what begins at byte {text.rindex(b'{', 0, cut):,}, in chat "
    )
    assert said + "'Segundo' (9) after 147 messages, 149 in the whole file" in str(caught.value)


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        (b'"from": "Ana"', b'"from": "Ana'),
        (b'"text_entities": [', b'"text_entities": {'),
        (b'"date_unixtime":', b'"date_unixtime"'),
        (b'"type": "message"', b'"type": message'),
        (b'"id": 3,', b'"id": NaN,'),
        (b'"id": 3,', b'"id": 3 3,'),
        (b'"text": "oi"', b'"text": "o\\qi"'),
    ],
)
@pytest.mark.parametrize("layout", ["desktop", "two spaces", "one line"])
def test_damage_is_refused_and_located(good: bytes, bad: bytes, layout: str) -> None:
    text = LAYOUTS[layout](chat(*map(message, range(1, 9))))
    at = text.index(good, text.index(b'"id": 3,'))
    damaged = text[:at] + bad + text[at + len(good) :]
    with pytest.raises(
        UnreadableFile, match=r"at byte [\d,]+.*, in chat 'Suporte' \(1000000001\) after [2-8] messages"
    ):
        batches(damaged)


@pytest.mark.parametrize("end", [b"x", b"{}", b"\x00", b"]", b'{"messages": []}'])
def test_what_follows_the_end_is_damage(end: bytes) -> None:
    with pytest.raises(UnreadableFile, match="something follows the end"):
        batches(as_desktop(chat(message(1))) + end)


@pytest.mark.parametrize("text", [b"{}", b'{"name": "x"}', b'{"messages": {}}', b"[]", b"5"])
def test_what_is_no_export_is_refused(text: bytes) -> None:
    with pytest.raises(UnreadableFile, match=r"no export|an export is an object"):
        batches(text)


def test_a_value_without_bound_takes_no_memory_without_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_stream, "CHUNK", 1000)
    monkeypatch.setattr(json_stream, "LARGEST_VALUE", 100_000)
    with pytest.raises(UnreadableFile, match="larger than 100,000 bytes"):
        batches(as_desktop(chat(message(1, "a" * 300_000))))
    contacts = [{"a": "b" * 50}] * 20_000
    assert len(batches(as_desktop(full(chat(message(1)), contacts=contacts)))) == 1  # passed over, however large


@pytest.mark.parametrize("odd", ["oi", "A?B"])
def test_a_batch_is_bounded_however_its_messages_are_found(monkeypatch: pytest.MonkeyPatch, odd: str) -> None:
    """Messages that must be repaired are never found the quick way."""
    monkeypatch.setattr(desktop_file, "_BATCH", 2000)
    text = as_desktop(chat(*(message(n, odd) for n in range(100)))).replace(b"A?B", b"\\x0B")
    found = batches(text)

    assert sum(len(batch.bodies) for batch in found) == 100
    assert len(found) > 5 and max(sum(map(len, batch.bodies)) for batch in found) < 4000
    assert [batch.number for batch in found] == [sum(len(each.bodies) for each in found[:n]) for n in range(len(found))]


def test_a_batch_names_where_it_began_and_ended() -> None:
    text = as_desktop(full(chat(message(1), message(2)), chat(message(3), id=2)))
    found = batches(text)

    assert [(batch.number, len(batch.bodies)) for batch in found] == [(0, 2), (2, 1)]
    assert text[: found[0].end].endswith(b"]") and replace(found[0].chat, name="y").name == "y"
