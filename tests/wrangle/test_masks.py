"""Pseudonyms over the whole way from raw to releases: what tables must not hold, what must remain, and when days are due.

The canaries are made up. Raw is searched by none of these tests: it is what Telegram sent (law 3).
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings

from telelake.errors import SettingsError, TableMismatch
from telelake.present import insight
from telelake.settings import load
from telelake.tables.catalog import BUILT, TABLES
from telelake.tables.model import Column, Kind, Personal
from telelake.wiring import App
from telelake.wrangle.masks.columns import Masks
from telelake.wrangle.masks.ids import FIRST, Pseudonyms
from telelake.wrangle.plan import due, list_raw
from tests.conftest import BOT, LakeFolder, message
from tests.wrangle.made import Delivery, deliveries
from tests.wrangle.mask_canaries import ANA, CANARIES, KEY, MASKS, PRIVATE, WORDS, fill, found
from tests.wrangle.test_laws import few, new_lake, records


@pytest.fixture(scope="module")
def masked(tmp_path_factory: pytest.TempPathFactory) -> LakeFolder:
    """A lake with the canaries, built with pseudonyms."""
    lake = LakeFolder(tmp_path_factory.mktemp("masked") / "lake", masks=MASKS)
    fill(lake)
    lake.wrangle()
    return lake


@pytest.fixture(scope="module")
def clear(tmp_path_factory: pytest.TempPathFactory) -> LakeFolder:
    """The same lake without pseudonyms."""
    lake = LakeFolder(tmp_path_factory.mktemp("clear") / "lake", iceberg=False)
    fill(lake)
    lake.wrangle()
    return lake


def test_nothing_personal_is_left(masked: LakeFolder) -> None:
    """In no table file, manifest, snapshot, catalog or release, decompressed, lies an id, a name, a number or a place."""
    assert found(masked.root) == {}
    assert masked.rows("SELECT count(*) FROM messages")[0][0] >= 18


def test_the_search_finds(clear: LakeFolder) -> None:
    """The twin of the search: without pseudonyms every kind of canary is there."""
    assert set(found(clear.root)) == set(CANARIES)


@pytest.mark.parametrize(("column", "kind"), [("user_id", "id"), ("extra", "place"), ("sender_name", "name")])
def test_each_rule_is_needed(
    make_lake: Callable[..., LakeFolder], monkeypatch: pytest.MonkeyPatch, column: str, kind: str
) -> None:
    """The twins: with one column's rule off, what it covered is found."""
    rule = Masks._column

    def spared(self: Masks, each: Column, rows: pa.RecordBatch) -> pa.Array:
        return rows.column(column) if each.name == column else rule(self, each, rows)

    monkeypatch.setattr(Masks, "_column", spared)
    lake = make_lake(masks=MASKS, iceberg=False)
    fill(lake)
    lake.wrangle()

    assert set(found(lake.root)) == {kind} if column != "extra" else kind in found(lake.root)


def told(lake: LakeFolder) -> set[tuple[str, str]]:
    """Return which columns tell which kinds of canaries."""
    hits = set()
    for table in BUILT:
        for path in lake.files(table.name):
            for name, values in pq.read_table(path).to_pydict().items():
                text = repr([str(value) for value in values])
                hits |= {
                    (name, kind) for kind, canaries in CANARIES.items() if any(str(each) in text for each in canaries)
                }
    return hits


def test_what_each_rule_covers(masked: LakeFolder, clear: LakeFolder) -> None:
    """Each of these columns tells a canary in clear, and none does with pseudonyms; a column that tells one is personal."""
    spoken = told(clear)

    assert told(masked) == set()
    assert spoken >= {
        ("user_id", "id"), ("chat_id", "id"), ("account_id", "id"), ("mentioned_user_id", "id"), ("forward_user_id", "id"),
        ("sender_name", "name"), ("title", "name"), ("first_name", "name"), ("file_name", "name"), ("file_name", "cpf"),
        ("forward_sender_name", "name"), ("username", "username"), ("extra", "name"), ("extra", "place"), ("request", "cpf"),
        ("result", "name"), ("latitude", "place"), ("description", "username"), ("url", "id"), ("value", "username"),
        ("text", "card"), ("caption", "mail"), ("quote", "phone"),
    }  # fmt: skip
    personal = {column.name for table in BUILT for column in table.columns if column.personal}
    assert {column for column, _ in spoken} <= personal


def test_words_are_masked_where_marks_are(
    make_lake: Callable[..., LakeFolder], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: masked in tables alone, a name that was a mention remains, and a part of a number in `message_entities`."""
    monkeypatch.setattr(Masks, "texts", lambda self, con: None)
    lake = make_lake(masks=MASKS, iceberg=False)
    fill(lake)
    lake.wrangle()

    assert "name" in found(lake.root)
    assert (WORDS[19:29],) in lake.rows("SELECT value FROM message_entities WHERE type = 'bold'")


def test_offsets_stay_true(masked: LakeFolder) -> None:
    """Each entity's value is what stands at its offset, and masks are as long as what they cover."""
    rows = masked.rows(
        "SELECT type, value, coalesce(text, caption)[offset_utf16 + 1 : offset_utf16 + length_utf16], "
        "coalesce(text, caption), length FROM message_entities JOIN messages USING (account_id, chat_id, message_id)"
    )

    assert {kind for kind, *_ in rows} >= {"text_mention", "bold", "mention"}
    assert all(value == there for _, value, there, _, _ in rows)
    assert {len(words) for *_, words, _ in rows} == {length for *_, length in rows} == {len(WORDS)}
    assert {value for kind, value, *_ in rows if kind == "text_mention"} == {"[name·]"}


def test_people_can_be_counted_and_joined(masked: LakeFolder, clear: LakeFolder) -> None:
    """Tables agree with those in clear once ids are replaced; the bot, the group and kinds of files are as they were."""
    of = MASKS.pseudonyms.of
    counts = "SELECT user_id, updates, messages, characters, chats FROM user_days"
    answered = (
        "SELECT m.user_id, r.user_id, count(*) FROM messages m JOIN user_days r ON r.user_id = m.reply_to_user_id "
        "GROUP BY ALL"
    )

    assert sorted(masked.rows(counts)) == sorted((of(user), *rest) for user, *rest in clear.rows(counts))
    assert sorted(masked.rows(answered)) == sorted((of(a), of(b), n) for a, b, n in clear.rows(answered))
    assert (BOT,) in masked.rows("SELECT user_id FROM user_days")
    assert (-1001000000001, "Suporte") in masked.rows("SELECT chat_id, title FROM chat_days")
    assert (of(PRIVATE), None) in masked.rows("SELECT chat_id, title FROM chat_days")
    assert (".pdf",) in masked.rows("SELECT file_name FROM messages")
    assert (-23.6, -46.6) in masked.rows("SELECT latitude, longitude FROM messages")
    assert {(user,) for (user,) in masked.rows("SELECT user_id FROM messages WHERE user_id > 0")} <= {
        (of(ANA),), (of(PRIVATE),), (BOT,)
    }  # fmt: skip


@settings(few, max_examples=3)
@given(made=deliveries())
def test_counts_do_not_change(made: list[Delivery]) -> None:
    """Whatever comes: as many rows in each table, and for each person the same counts."""

    def counts(masks: Masks | None) -> tuple[dict[str, int], list[Any]]:
        with new_lake() as lake:
            lake.mask(masks)
            lake.seal(records(lake, made))
            report = lake.wrangle()
            if not lake.files("user_days"):
                return report.rows, []
            return report.rows, lake.rows(
                "SELECT context_date, user_id, updates, messages, characters, chats, is_bot FROM user_days"
            )

    rows, people = counts(None)
    masked_rows, masked_people = counts(MASKS)

    assert masked_rows == rows
    of = MASKS.pseudonyms.of
    assert sorted(map(str, masked_people)) == sorted(str((day, of(user), *rest)) for day, user, *rest in people)


def test_switching_makes_all_days_due(make_lake: Callable[..., LakeFolder]) -> None:
    """On, to another key, off: each time every table of every day is due, is built anew, and then is not."""
    lake = make_lake(iceberg=False)
    lake.add(message(1, 1))
    lake.wrangle()
    other = Masks(Pseudonyms(KEY + "x", [BOT, BOT + 1]), "BR")
    abroad = replace(MASKS, region="US")
    users = []
    for masks in (MASKS, other, abroad, None):
        lake.mask(masks)
        ledger = lake.wrangler.status()[1]
        reasons = due(list_raw(lake.store), ledger, lake.wrangler.steps())[0].reasons
        assert reasons == (f"the recipes of {len(BUILT)} tables have changed",)
        lake.wrangle()
        assert lake.wrangler.due(*lake.wrangler.status()[:2]) == []
        users.append(lake.rows("SELECT user_id FROM user_days")[0][0])

    assert users == [MASKS.pseudonyms.of(11), other.pseudonyms.of(11), MASKS.pseudonyms.of(11), 11]


def test_each_personal_column_says_what_it_is() -> None:
    """So that a rule can follow from it; a name is never required, and a chat's name has its chat beside it."""
    for table in TABLES:
        for column in table.columns:
            where = f"{table.name}.{column.name}"
            assert column.personal is None or isinstance(column.personal, Personal), where
            assert not (column.personal in {Personal.NAME, Personal.CHAT_NAME} and column.required), where
            assert column.personal is not Personal.CHAT_NAME or table.column("chat_id").personal is Personal.ID, where
            # An id that may be a person's, and words that people write, are named so everywhere.
            if column.name in {
                "user_id",
                "chat_id",
                "account_id",
                "text",
                "caption",
                "extra",
                "username",
                "first_name",
            }:
                assert column.personal, where


def test_a_column_without_a_rule_stops_the_build() -> None:
    """A new column that is called personal and nothing else is not let through."""
    rows = pa.record_batch({"user_id": pa.array([1])})
    table = replace(TABLES[0], columns=(Column(1, "user_id", Kind.LONG, "", "", personal=True),))  # type: ignore[arg-type]

    with pytest.raises(TableMismatch, match="'user_id' is personal"):
        MASKS.batch(table, rows)


@pytest.mark.parametrize(
    "kind", [Personal.ID, Personal.CODE, Personal.NAME, Personal.TEXT, Personal.FILE, Personal.PLACE, Personal.JSON]
)
def test_each_kind_has_a_rule_for_nulls_and_lists(kind: Personal) -> None:
    """Also where a row has nothing, and where it has several."""
    arrays: Mapping[Personal, Sequence[Any]] = {Personal.ID: [5, None], Personal.PLACE: [1.26, None]}
    values = pa.array(arrays.get(kind, ["oi 11987654321", None]))
    table = replace(
        TABLES[0],
        columns=(
            Column(1, "one", Kind.TEXT, "", "", personal=kind),
            Column(2, "many", Kind.TEXTS, "", "", personal=kind),
        ),
    )
    lists = pa.array([values.to_pylist(), None, []], pa.list_(values.type))
    made = (
        MASKS.batch(replace(table, columns=table.columns[:1]), pa.record_batch({"one": values}))
        .column("one")
        .to_pylist()
    )
    many = (
        MASKS.batch(replace(table, columns=table.columns[1:]), pa.record_batch({"many": lists}))
        .column("many")
        .to_pylist()
    )

    assert made[1] is None
    assert made[0] != values.to_pylist()[0]
    assert many == [made, None, []]


def test_insights_show_a_short_pseudonym(masked: LakeFolder) -> None:
    """Six digits stand for a person without a name, and the whole pseudonym where two would share them."""
    lake = masked.open()
    answer = insight.run(lake, insight.insight("messages_per_person_per_day"))
    people = {(row["user_id"], row["person"]) for row in answer.records()}
    lake.close()

    assert {shown for user, shown in people} == {f"#{user % 1_000_000}" for user, _ in people}
    assert min(user for user, _ in people) >= FIRST


def test_nothing_is_loaded_when_it_is_off(tmp_path: Path) -> None:
    """Who has no pseudonyms needs no package for them."""
    code = (
        "import sys; from pathlib import Path; from telelake.settings import Settings; from telelake.wiring import App\n"
        "app = App(Settings(home=sys.argv[1])); assert app.wrangler.rules == ''\n"
        "assert not {'phonenumbers', 'stdnum', 'telelake.wrangle.masks.finders'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "lake")], check=True)


def app_in(folder: Path, monkeypatch: pytest.MonkeyPatch, key: str | None, bots: str = "") -> App:
    """Return an app of a lake with pseudonyms set in its file."""
    (folder / "telelake.toml").write_text(f'[privacy]\npseudonyms = {{ env = "TELELAKE_KEY" }}\n{bots}')
    if key is not None:
        monkeypatch.setenv("TELELAKE_KEY", key)
    return App(load(folder / "telelake.toml", home=str(folder)))


def test_the_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The key is named, never written; bots in the settings keep their ids; its digest, not the key, is in the recipe."""
    app = app_in(tmp_path, monkeypatch, KEY, f"[bots.one]\nid = {BOT}\n[bots.two]\nid = {BOT + 1}\n")

    assert app.masks == Masks(app.masks.pseudonyms, "BR") if app.masks else False
    assert app.wrangler.rules == MASKS.digest
    assert KEY not in app.wrangler.rules


@pytest.mark.parametrize(
    ("key", "bots", "said"),
    [
        (None, "", "TELELAKE_KEY is not set"),
        ("canary-short", "", "has 12 characters"),
        (KEY, '[bots.one]\ntoken = { env = "TELELAKE_NO_TOKEN" }\n', "TELELAKE_NO_TOKEN is not set"),
    ],
)
def test_a_wrong_setting_stops_the_wrangle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str | None, bots: str, said: str
) -> None:
    """Nothing is built in clear, or under a key that can be guessed, or with a bot taken for a person."""
    app = app_in(tmp_path, monkeypatch, key, bots)

    with pytest.raises(SettingsError, match=said) as error:
        _ = app.wrangler
    assert "canary-" not in str(error.value)


def test_a_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says what to install."""
    app = app_in(tmp_path, monkeypatch, KEY)
    monkeypatch.delitem(sys.modules, "telelake.wrangle.masks.columns")
    monkeypatch.setitem(sys.modules, "phonenumbers", None)

    with pytest.raises(SettingsError, match=r"telelake\[masks\]"):
        _ = app.wrangler
