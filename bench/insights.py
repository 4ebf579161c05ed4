"""Seconds of every insight over many messages, through the locked worker that the dashboard asks.

    python bench/insights.py --messages 1000000 --days 30

Messages have words of a made-up vocabulary (some frequent, most rare), a link, an emoji or a hashtag now and then, and
one of four replies to the one before it in the chat; every tenth is a question with an answer, a topic and a conversation.
The tables are made directly, not by a wrangle: rows follow from their numbers alone. Each insight is asked once
unmeasured; the median of the others is printed, the slowest first, and all of them added up, which is a report's work.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from query import CHAT_DAYS, CHAT_HOURS, FIRST, MESSAGES, USER_DAYS, ZONE, lay, timed
from telelake.present.insight import all_insights, run
from telelake.present.query import open_lake
from telelake.settings import Sql
from telelake.tables.catalog import TABLES

# The square of a number in [0, 1) is near 0 more often than not: some words are frequent.
_WORDS = """array_to_string(list_transform(range(3 + CAST(h % 12 AS INTEGER)),
    lambda j: 'palavra' || translate(CAST(CAST(floor(power((hash(i, j) % 1000003) / 1000003.0, 2) * 9000) AS BIGINT) AS VARCHAR),
                                     '0123456789', 'abcdefghij')), ' ')
    || CASE WHEN h % 50 = 0 THEN ' 👍🏽' WHEN h % 70 = 0 THEN ' https://www.exemplo.test/p' || h % 900 ELSE '' END"""
# Cubes of numbers in [0, 1): a few chats, people and hours have much of it, most have little.
TALKING = MESSAGES | {
    "chat_id": "-1001000000000 - CAST(floor(power(hash(i, 'chat') % 1000003 / 1000003.0, 3) * {chats}) AS BIGINT)",
    "text": _WORDS, "length": f"length({_WORDS})", "is_bot": "h % 6 = 0",
    "direction": "CASE WHEN h % 6 = 0 THEN 'out' ELSE 'in' END",
    "reply_to_message_id": "CASE WHEN h % 4 = 0 THEN i - 40 END",
    "reply_to_user_id": "CASE WHEN h % 4 = 0 THEN 9900000000 + h % 5000 END",
}  # fmt: skip

_ASKED = (
    """SELECT *, hash(message_id) AS h, message_id AS id FROM messages WHERE message_id % 10 = 0 AND NOT is_service"""
)
MADE = {
    "user_days": USER_DAYS,
    "chat_days": CHAT_DAYS,
    "chat_hours": CHAT_HOURS,
    "message_entities": """
        SELECT context_date, account_id, chat_id, message_id, 1 AS position, sent_at, user_id, raw,
               CASE message_id % 3 WHEN 0 THEN 'hashtag' WHEN 1 THEN 'url' ELSE 'bot_command' END AS type,
               CASE message_id % 3 WHEN 0 THEN '#tema' || message_id % 90
                                   ELSE 'https://exemplo.test/' || message_id % 500 END AS value,
               CASE message_id % 3 WHEN 1 THEN 'exemplo' || message_id % 70 || '.test' END AS domain,
               CASE message_id % 3 WHEN 2 THEN 'comando' || message_id % 20 END AS command
        FROM messages WHERE message_id % 5 = 0""",
    "questions": f"""
        SELECT context_date, account_id, chat_id, message_id, user_id, 'q' || id AS question_id, sent_at AS asked_at, local_hour,
               text, 'question' AS kind, 'c' || id AS conversation_id, 'by number' AS outcome_rule, [id] AS evidence,
               false AS corrected,
               CASE h % 4 WHEN 0 THEN 'bot' WHEN 1 THEN 'attendant' WHEN 2 THEN 'customer' END AS answered_by,
               CASE WHEN h % 4 < 3 THEN 9900000000 + h % 40 END AS answer_user_id,
               CASE WHEN h % 4 < 3 THEN h % 90000 END AS answer_seconds,
               CASE WHEN h % 4 = 0 THEN h % 90000 END AS bot_answer_seconds,
               CASE WHEN h % 4 IN (1, 2) THEN h % 90000 END AS human_answer_seconds, h % 9 = 0 AS sla_breached,
               CASE WHEN h % 4 = 3 THEN 'unanswered' WHEN h % 3 = 0 THEN 'confirmed' ELSE 'assumed' END AS outcome
        FROM ({_ASKED})""",
    "question_topics": f"""
        SELECT context_date, account_id, chat_id, message_id, 'q' || id AS question_id, 0.5 AS score, 'model' AS model,
               CAST(h % 60 AS BIGINT) AS topic_id, 'assunto ' || h % 60 AS topic_name
        FROM ({_ASKED})""",
    "conversations": f"""
        SELECT context_date, account_id, chat_id, message_id, 'c' || id AS conversation_id, sent_at AS began_at,
               sent_at + INTERVAL 1 MINUTE * (h % 900) AS ended_at, 1 + h % 9 AS messages, 1 + h % 3 AS people, 1 AS questions,
               0 AS bot_messages, 0 AS attendant_messages, h % 7 = 0 AS handed_over, [id] AS evidence, false AS corrected
        FROM ({_ASKED})""",
    "updates": """
        SELECT context_date, bot_id, update_id, 'message' AS kind, chat_id, user_id, message_id, sent_at AS occurred_at,
               received_at,
               (message_id % 900) / 100.0 AS delivery_lag_seconds, 'webhook' AS source, 400 AS bytes, raw, 1 AS deliveries
        FROM messages""",
    "calls": """
        SELECT context_date, bot_id, 'sendMessage' AS method, sent_at AS started_at, (message_id % 700) / 1000.0 AS seconds,
               message_id % 200 <> 0 AS ok, chat_id, message_id, 1 AS messages, 'proxy' AS source, 300 AS bytes, received_at, raw
        FROM messages WHERE message_id % 6 = 0""",
}  # fmt: skip


def main() -> None:
    """Make the tables, ask all insights in turn, print the medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="bench-insights-"))
    try:
        make(folder, asked.messages, asked.days)
        measure(folder, asked.messages, asked.days, asked.rounds)
    finally:
        shutil.rmtree(folder)


def make(folder: Path, messages: int, days: int, chats: int = 40, people: int = 5000) -> None:
    """Write the tables, a file a day."""
    declared = {table.name: table for table in TABLES}
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'; SET memory_limit = '3GB'; SET enable_progress_bar = false")
        for number in range(days):
            day = FIRST + timedelta(days=number)
            if (folder / next(reversed(MADE)) / f"context_date={day}" / "part.parquet").exists():
                continue  # of a run that was stopped
            low, high = messages * number // days, messages * (number + 1) // days
            columns = ", ".join(
                f'{text.format(chats=chats, people=people)} AS "{name}"' for name, text in TALKING.items()
            )
            con.execute(
                f"CREATE OR REPLACE TEMP TABLE messages AS SELECT {columns} FROM (SELECT *, "
                f"TIMESTAMPTZ '{day} 03:00:00+00' + CAST(h % 86400 AS BIGINT) * INTERVAL 1 SECOND AS sent_at, DATE '{day}' AS day "
                f"FROM (SELECT i, hash(i) AS h FROM range({low}, {high}) AS numbers(i)))"
            )
            for name, sql in {"messages": "FROM messages", **MADE}.items():
                lay(con, declared[name], sql, folder / name / f"context_date={day}" / "part.parquet")


def measure(folder: Path, messages: int, days: int, rounds: int) -> None:
    """Print the median of each insight, and of all."""
    files = {table.name: sorted((folder / table.name).rglob("*.parquet")) for table in TABLES}
    taken: dict[str, list[float]] = {}
    with open_lake(files, ZoneInfo(ZONE), Sql()) as lake:
        for each in all_insights():
            given = {"words": "palavraa"} if "words" in each.params else {}
            seconds = [timed(lambda each=each, given=given: run(lake, each, given).rows)[0] for _ in range(rounds + 1)]
            taken[each.name] = seconds[1:]
    medians = {name: statistics.median(seconds) for name, seconds in taken.items()}
    print(f"{messages:,} messages of {days} days, medians of {rounds} rounds")
    for name, seconds in sorted(medians.items(), key=lambda item: -item[1]):
        print(f"{name}: {seconds:.3f} s")
    print(f"all: {sum(medians.values()):.1f} s")


if __name__ == "__main__":
    main()
