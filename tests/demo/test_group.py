"""The made-up group is what Telegram would send: its form, its order, its disorder, and its counts."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from telelake.demo import Delivery, Expected, generate
from telelake.demo.acts import Say
from telelake.demo.cast import Cast
from telelake.demo.dice import Dice
from telelake.demo.rhythm import Period
from telelake.demo.topics import ALL_TOPICS
from telelake.demo.voice import Voice
from telelake.demo.wordings import PARTS
from telelake.errors import SettingsError
from telelake.telegram.update import botapi, read_update, update_kinds

ZONE = ZoneInfo("America/Sao_Paulo")
END = datetime(2026, 11, 20, 16, 20, tzinfo=ZONE)
MAIN = -1002999000001


@cache
def made() -> tuple[list[Delivery], Expected]:
    """Return one group, made once for all tests."""
    group = generate(6000, 14, 7, END, ZONE)
    return list(group), group.expected


@cache
def updates() -> list[dict[str, Any]]:
    """Return the distinct updates in order of update_id."""
    return [json.loads(body) for body in sorted({delivery.body for delivery in made()[0]}, key=_update_id)]


@cache
def messages() -> list[dict[str, Any]]:
    """Return the distinct messages, unedited."""
    return [update["message"] for update in updates() if "message" in update]


def _update_id(body: bytes) -> int:
    return read_update(body).update_id


def _local(unix: float) -> datetime:
    return datetime.fromtimestamp(unix, ZONE)


def test_the_same_arguments_give_the_same_bytes() -> None:
    first, second = (list(generate(800, 5, 3, END, ZONE)) for _ in range(2))

    assert first == second


def test_another_seed_gives_other_bytes() -> None:
    first, second = ({d.body for d in generate(800, 5, seed, END, ZONE)} for seed in (3, 4))

    assert not first & second


def test_every_body_is_read_and_of_a_known_kind() -> None:
    for delivery in made()[0]:
        assert read_update(delivery.body).kind in update_kinds()


def test_bodies_are_written_as_the_real_server_writes_them() -> None:
    for delivery in made()[0]:
        update = json.loads(delivery.body)
        kind = read_update(delivery.body).kind
        assert kind is not None
        payload = json.dumps(update[kind], separators=(",", ":"))

        assert delivery.body == f'{{"update_id":{update["update_id"]},\n"{kind}":{payload}}}'.encode("ascii")


def test_every_field_is_of_the_bot_api_and_no_required_one_is_missing() -> None:
    for update in updates():
        _walk("Update", update, "update")


def _walk(type_name: str, value: Any, path: str) -> None:
    types, undocumented = botapi()["types"], botapi()["undocumented_keys_the_server_writes"]
    if type_name.startswith("Array of "):
        assert isinstance(value, list), path
        for item in value:
            _walk(type_name.removeprefix("Array of "), item, f"{path}[]")
        return
    if type_name not in types:
        expected = {"String": str, "Integer": int, "Float": float, "Boolean": bool, "True": bool}[type_name]
        assert type(value) is expected, path
        return
    if "one_of" in types[type_name]:
        type_name = _member_of(types[type_name]["one_of"], value)
    fields = {name: (of, required, values) for name, of, required, *values in types[type_name]["fields"]}
    assert not {name for name, (_, required, _) in fields.items() if required} - value.keys(), path
    for name, item in value.items():
        if name in undocumented:
            continue
        assert name in fields, f"{path}.{name} is no field of {type_name}"
        of, _, values = fields[name]
        if values:
            assert item in values[0], f"{path}.{name} is {item}"
        _walk(of, item, f"{path}.{name}")


def _member_of(candidates: list[str], value: dict[str, Any]) -> str:
    """Return the one type of a union whose enumerated fields agree with the value."""
    types = botapi()["types"]
    for candidate in candidates:
        enums = {name: values[0] for name, _, _, *values in types[candidate]["fields"] if values}
        tags = {name for name in enums if name in ("type", "status")}
        if candidate == "Message" or (tags and all(value.get(name) in enums[name] for name in tags)):
            return candidate
    raise AssertionError(f"{value} is none of {candidates}")


def test_the_walk_fails_on_an_unknown_key() -> None:
    message = messages()[0]

    with pytest.raises(AssertionError, match="is no field of Message"):
        _walk("Message", {**message, "newer_than_the_api": 1}, "message")


def test_entities_cut_out_what_they_say_counted_in_utf16() -> None:
    starts = {"mention": "@", "hashtag": "#", "bot_command": "/", "url": "https://"}
    seen: Counter[str] = Counter()
    after_emoji = 0
    for message in messages():
        for text_key, key in (("text", "entities"), ("caption", "caption_entities")):
            for entity in message.get(key, ()):
                units = message[text_key].encode("utf-16-le")
                begin = entity["offset"] * 2
                cut = units[begin : begin + entity["length"] * 2].decode("utf-16-le")
                seen[entity["type"]] += 1
                after_emoji += any(ord(letter) > 0xFFFF for letter in units[:begin].decode("utf-16-le"))
                assert cut == cut.strip()
                assert len(cut) > 1
                assert cut.startswith(starts.get(entity["type"], ""))
                if entity["type"] == "email":
                    assert "@" in cut
                if entity["type"] == "text_mention":
                    assert cut == entity["user"]["first_name"]

    assert seen.keys() >= {*starts, "email", "bold", "code", "text_mention"}
    assert after_emoji


def test_quotes_stand_where_they_say() -> None:
    quotes = [(m["quote"], m["reply_to_message"]) for m in messages() if "quote" in m]

    assert quotes
    for quote, target in quotes:
        units = target["text"].encode("utf-16-le")[quote["position"] * 2 :]
        assert units.decode("utf-16-le").startswith(quote["text"])


def test_a_reply_into_a_chat_that_has_moved_quotes_nothing() -> None:
    cast = Cast(Dice(1), 30)
    quote, text = '"quote":{"text":"b","position":2,"is_manual":true}', '"text":"a b"'
    asked = Say(cast.resellers, cast.people[0], text)
    replies = [Say(cast.resellers, cast.people[1], text, asked, quote) for _ in range(2)]
    asked.write(1)
    there = replies[0].write(2)
    cast.resellers.moved_to = cast.moved
    moved = replies[1].write(3)

    assert there is not None
    assert moved is not None
    assert {"quote", "reply_to_message"} <= json.loads(f"{{{there}}}")["message"].keys()
    assert not {"quote", "reply_to_message"} & json.loads(f"{{{moved}}}")["message"].keys()


def test_the_counts_are_those_of_an_independent_pass() -> None:
    deliveries, expected = made()
    kinds = Counter(next(key for key in update if key != "update_id") for update in updates())
    ids = {(message["chat"]["id"], message["message_id"]) for message in messages()}

    assert expected.deliveries == len(deliveries)
    assert expected.updates == len({_update_id(d.body) for d in deliveries}) == len(updates())
    assert expected.kinds == kinds
    assert expected.messages == len(ids) == kinds["message"]
    assert expected.edits == kinds["edited_message"]
    assert expected.messages_by_chat == Counter(chat for chat, _ in ids)
    assert abs(expected.messages - 6000) < 60


def test_every_edit_and_reaction_is_of_a_message_that_was_seen() -> None:
    ids = {(message["chat"]["id"], message["message_id"]) for message in messages()}
    for update in updates():
        for kind in ("edited_message", "message_reaction"):
            if kind in update:
                assert (update[kind]["chat"]["id"], update[kind]["message_id"]) in ids


def test_update_ids_and_message_ids_are_consecutive() -> None:
    ids = [update["update_id"] for update in updates()]
    by_chat: dict[int, list[int]] = defaultdict(list)
    for message in messages():
        by_chat[message["chat"]["id"]].append(message["message_id"])

    assert ids == list(range(ids[0], ids[0] + len(ids)))
    for numbers in by_chat.values():
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_replies_point_back_at_what_was_said() -> None:
    texts = {(m["chat"]["id"], m["message_id"]): m["date"] for m in messages()}
    for message in messages():
        if target := message.get("reply_to_message"):
            assert texts[target["chat"]["id"], target["message_id"]] == target["date"] <= message["date"]
            assert target["chat"] == message["chat"] or target["chat"]["id"] == MAIN


def test_all_days_are_covered_and_nothing_is_after_the_end() -> None:
    days = {_local(message["date"]).date() for message in messages()}

    assert days == {END.date() - timedelta(days=back) for back in range(14)}
    assert max(message["date"] for message in messages()) <= END.timestamp()
    assert max(delivery.sent_at for delivery in made()[0]) <= END


def test_deliveries_leave_in_order_and_never_before_the_message() -> None:
    sent = [delivery.sent_at for delivery in made()[0]]

    assert sent == sorted(sent)
    for delivery in made()[0]:
        date = read_update(delivery.body).date
        assert date is None or date <= delivery.sent_at.timestamp()
        assert delivery.sent_at.tzinfo is UTC


def test_some_are_delivered_again_at_once_and_some_much_later() -> None:
    places: dict[bytes, list[int]] = defaultdict(list)
    for place, delivery in enumerate(made()[0]):
        places[delivery.body].append(place)
    gaps = [places[body][-1] - places[body][0] for body in places if len(places[body]) > 1]

    assert max(len(found) for found in places.values()) == 3
    assert 1 in gaps
    assert max(gaps) > 50


def test_chats_overtake_one_another_but_no_chat_itself() -> None:
    firsts = list(dict.fromkeys(delivery.body for delivery in made()[0]))
    ids = [_update_id(body) for body in firsts]
    last: dict[int, int] = {}

    assert ids != sorted(ids)
    for body in firsts:
        if message := json.loads(body).get("message"):
            assert last.get(message["chat"]["id"], 0) < message["message_id"]
            last[message["chat"]["id"]] = message["message_id"]


def test_one_message_of_2359_is_delivered_after_midnight() -> None:
    found = [
        delivery
        for delivery in made()[0]
        if (date := read_update(delivery.body).date) is not None
        and (_local(date).hour, _local(date).minute) == (23, 59)
        and (delivery.sent_at.astimezone(ZONE).hour, delivery.sent_at.astimezone(ZONE).minute) == (0, 2)
    ]

    assert found


def test_one_message_is_delivered_about_twenty_hours_late() -> None:
    first_of_each = {delivery.body: delivery for delivery in reversed(made()[0])}
    read = [(delivery.sent_at.timestamp(), read_update(body)) for body, delivery in first_of_each.items()]
    lags = [sent - update.date for sent, update in read if update.date is not None and update.kind == "message"]

    assert 19 * 3600 < max(lags) < 21 * 3600


def test_the_basic_group_moves_once() -> None:
    old = [m for m in messages() if "migrate_to_chat_id" in m]
    new = [m for m in messages() if "migrate_from_chat_id" in m]
    last = [m for m in messages() if m["chat"]["id"] == old[0]["chat"]["id"]][-1]

    assert len(old) == len(new) == 1
    assert old[0]["migrate_to_chat_id"] == new[0]["chat"]["id"]
    assert new[0]["migrate_from_chat_id"] == old[0]["chat"]["id"]
    assert new[0]["message_id"] == 1
    assert last == old[0]


def test_everything_of_the_brief_happens() -> None:
    fields = {key for message in messages() for key in message}
    origins = {m["forward_origin"]["type"] for m in messages() if "forward_origin" in m}

    assert fields >= {
        "text", "photo", "caption", "document", "voice", "sticker", "location", "contact", "poll", "media_group_id",
        "forward_origin", "quote", "via_bot", "new_chat_members", "left_chat_member", "pinned_message",
        "new_chat_title", "reply_markup", "message_thread_id",
    }  # fmt: skip
    assert origins == {"user", "hidden_user", "chat", "channel"}
    assert made()[1].kinds.keys() == {
        "message", "edited_message", "message_reaction", "callback_query", "inline_query", "chosen_inline_result",
        "poll", "poll_answer", "my_chat_member", "chat_member",
    }  # fmt: skip
    assert {m["chat"]["type"] for m in messages()} == {"private", "group", "supergroup"}


def test_a_message_of_yesterday_is_edited() -> None:
    edits = [update["edited_message"] for update in updates() if "edited_message" in update]

    assert any(_local(edit["date"]).date() < _local(edit["edit_date"]).date() for edit in edits)


def test_the_listener_never_hears_itself() -> None:
    assert "AuroraEscutaBot" not in {message["from"].get("username") for message in messages()}
    assert {m["from"].get("username") for m in messages() if m["from"]["is_bot"]} == {"AuroraBot"}


def test_the_bot_answers_within_seconds_and_people_within_minutes_to_hours() -> None:
    bot, human = [], []
    for message in messages():
        target = message.get("reply_to_message")
        if not target or "_aurora_" in target["from"].get("username", ""):
            continue
        wait = message["date"] - target["date"]
        if message["from"]["is_bot"]:
            bot.append(wait)
        elif "_aurora_" in message["from"].get("username", ""):
            human.append(wait)

    assert max(bot) <= 5
    assert 120 < sorted(human)[len(human) // 2] < 4 * 3600


def test_the_day_has_two_peaks_and_the_week_a_quiet_end() -> None:
    incident = Period(14, END, ZONE).incident_day
    dates = [_local(m["date"]) for m in messages()]
    first = END.date() - timedelta(days=13)
    hours = Counter(date.hour for date in dates if date.date() != first + timedelta(days=incident))
    by_day = Counter(date.date() for date in dates)
    weekend = [n for day, n in by_day.items() if day.weekday() >= 5]
    workdays = [n for day, n in by_day.items() if day.weekday() < 5 and day != END.date()]

    assert min(hours[10], hours[11]) > hours[14] > hours[7] > hours[3]
    assert hours[20] > hours[17]
    assert max(weekend) < sum(workdays) / len(workdays)
    assert max(by_day, key=by_day.__getitem__) == first + timedelta(days=incident)


def test_questions_are_worded_in_many_ways() -> None:
    asked: dict[tuple[int, int], str] = {}
    for message in messages():
        target = message.get("reply_to_message", {})
        is_answer = message["from"]["is_bot"] or "_aurora_" in message["from"].get("username", "")
        if is_answer and "text" in target and "/" not in target["text"]:
            asked[target["chat"]["id"], target["message_id"]] = target["text"]

    assert len(asked) > 600
    assert len(set(asked.values())) >= 0.4 * len(asked)


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("topic", [topic.key for topic in ALL_TOPICS])
def test_each_topic_has_many_wordings(topic: str, part: str) -> None:
    dice = Dice(1)
    voice, people = Voice(dice, PARTS[part]), Cast(dice, 220).people
    wordings = [tuple(voice.question(topic, voice.case(), dice.pick(people))) for _ in range(300)]

    assert len(set(wordings)) >= 0.6 * len(wordings)
    assert not any(mark in part for parts in wordings for part in parts for mark in ("{", "[", " | ", "  "))


@pytest.mark.parametrize("messages_and_days", [(1, 1), (5, 1), (40, 2), (300, 3), (500, 90)])
def test_small_and_long_periods_work(messages_and_days: tuple[int, int]) -> None:
    group = generate(*messages_and_days, 1, END, ZONE)
    deliveries = list(group)

    assert len(deliveries) == group.expected.deliveries
    assert group.expected.updates == len({d.body for d in deliveries})


def test_a_zone_that_changes_its_clocks_works() -> None:
    zone = ZoneInfo("Europe/Lisbon")
    end = datetime(2026, 11, 1, 12, 0, tzinfo=zone)
    days = {
        datetime.fromtimestamp(date, zone).date()
        for d in generate(2000, 10, 1, end, zone)
        if (date := read_update(d.body).date) is not None
    }

    assert days == {end.date() - timedelta(days=back) for back in range(10)}


@pytest.mark.parametrize(("count", "days", "end"), [(0, 3, END), (3, 0, END), (3, 3, END.replace(tzinfo=None))])
def test_impossible_arguments_are_named(count: int, days: int, end: datetime) -> None:
    with pytest.raises(SettingsError, match="demo"):
        generate(count, days, 1, end, ZONE)
