"""A lake with something in every table that insights read, small enough to count by hand.

It lies around a New Year whose first days belong to ISO week 53 of the year before; São Paulo is three hours behind UTC.

| message | local time | who | says | in reply to |
|---|---|---|---|---|
| 1 | Mon 28 Dec 09:00 | Ana (1) | Como emito a nota fiscal? | |
| 2 | Mon 28 Dec 09:00:30 | Robô (9), our bot | a link, 👍 | 1 |
| 3 | Mon 28 Dec 09:05 | Ana | Obrigada! 👍🏽 | 2 |
| 4 | Mon 28 Dec 23:30 | Caio (3) | NÃO consigo pagar o boleto #boleto | |
| 5 | Tue 29 Dec 10:30 | Bia (2), attendant | another page of the same site | 4 |
| 6 | Fri 1 Jan 12:00 | Caio | the same as 4, without accents | |
| 7 | Fri 1 Jan 12:00:10 | Robô | Um momento | 6 |
| 8 | Fri 1 Jan 12:30 | Bia | Resolvido | 6 |
| 9 | Mon 4 Jan 08:00 | Ana, in Vendas | /ajuda preço do plano | |
| 10 | Mon 4 Jan 08:30 | #4, in Vendas | ❤️ 🇧🇷 plano anual | |

Questions: 1 (invoices: the bot, 30 s, confirmed), 4 (payment slips: Bia, 11 h, too late, revoked), 6 (payment slips, asked
again: the bot, 10 s, then Bia, 30 min: escalated), 9 (no topic, nobody).
"""

from __future__ import annotations

from typing import Any

from lakes import Maker, Row

SUPPORT, SALES = -1001, -1002
BOT = 7
D28, D29, D01, D04 = "2026-12-28", "2026-12-29", "2027-01-01", "2027-01-04"


def whole() -> dict[str, list[Row]]:
    """Return the rows of all tables."""
    maker = Maker("America/Sao_Paulo")
    maker.people = {1: ("Ana", None, None), 2: ("Bia", None, None), 3: ("Caio", None, None), 9: ("Robô", None, "robo")}
    maker.chats = {SUPPORT: {"title": "Suporte"}, SALES: {"title": "Vendas"}}

    def reply(to: int, user: int) -> dict[str, Any]:
        return {"reply_to_message_id": to, "reply_to_user_id": user}

    ours = {"is_bot": True, "direction": "out"}
    (
        maker.say(f"{D28}T12:00:00", 1, SUPPORT, "Como emito a nota fiscal?")
        .say(f"{D28}T12:00:30", 9, SUPPORT, "Veja https://www.ajuda.example/nota 👍", **ours, **reply(1, 1))
        .say(f"{D28}T12:05:00", 1, SUPPORT, "Obrigada! 👍🏽", **reply(2, 9))
        .say(f"{D29}T02:30:00", 3, SUPPORT, "NÃO consigo pagar o boleto #boleto")
        .say(f"{D29}T13:30:00", 2, SUPPORT, "Tente ajuda.example/pagar", **reply(4, 3))
        .say(f"{D01}T15:00:00", 3, SUPPORT, "nao consigo pagar  o boleto #boleto")
        .say(f"{D01}T15:00:10", 9, SUPPORT, "Um momento", **ours, **reply(6, 3))
        .say(f"{D01}T15:30:00", 2, SUPPORT, "Resolvido", **reply(6, 3))
        .say(f"{D04}T11:00:00", 1, SALES, "/ajuda preço do plano")
        .say(f"{D04}T11:30:00", 4, SALES, "❤️ 🇧🇷 plano anual")
    )
    tables = maker.tables()
    languages = {1: "pt-br", 2: "en", 3: "pt-BR", 9: None}
    for row in tables["user_days"]:
        row.update(language_code=languages[row["user_id"]], is_bot=row["user_id"] == 9)  # type: ignore[attr-defined]
    return tables | _marks() | _support() | _events() | _books()


def _marks() -> dict[str, list[Row]]:
    def mark(day: str, message: int, type_: str, value: str, chat: int = SUPPORT, **more: Any) -> Row:
        return {
            "context_date": day,
            "chat_id": chat,
            "message_id": message,
            "position": 1,
            "type": type_,
            "value": value,
            **more,
        }

    return {
        "message_entities": [
            mark(D28, 2, "url", "https://www.ajuda.example/nota", domain="ajuda.example"),
            mark(D28, 4, "hashtag", "#boleto"),
            mark(D29, 5, "url", "ajuda.example/pagar", domain="ajuda.example"),
            mark(D01, 6, "hashtag", "#Boleto"),
            mark(D04, 9, "bot_command", "/ajuda", SALES, command="ajuda"),
        ]
    }


def _support() -> dict[str, list[Row]]:
    def asked(day: str, at: str, hour: int, message: int, user: int, text: str, outcome: str, **more: Any) -> Row:
        return {
            "context_date": day, "question_id": f"q{message}", "chat_id": SUPPORT, "message_id": message, "user_id": user,
            "asked_at": at, "local_hour": hour, "text": text, "kind": "question", "conversation_id": f"c{message}",
            "outcome": outcome, "outcome_rule": "by hand", "evidence": [message], "corrected": False, **more,
        }  # fmt: skip

    def answered(by: str, user: int, message: int, seconds: int) -> dict[str, Any]:
        return {
            "answered_by": by, "answer_user_id": user, "answer_message_id": message, "answer_seconds": seconds,
            f"{'bot' if by == 'bot' else 'human'}_answer_seconds": seconds,
        }  # fmt: skip

    def talk(day: str, number: int, began: str, ended: str, messages: int, people: int, **more: Any) -> Row:
        return {
            "context_date": day, "conversation_id": f"c{number}", "chat_id": SUPPORT, "message_id": number, "began_at": began,
            "ended_at": ended, "messages": messages, "people": people, "questions": 1, "handed_over": False, "evidence": [],
        } | more  # fmt: skip

    def about(day: str, message: int, topic: int | None, name: str | None) -> Row:
        return {
            "context_date": day,
            "question_id": f"q{message}",
            "message_id": message,
            "topic_id": topic,
            "topic_name": name,
        }

    return {
        "questions": [
            asked(D28, f"{D28}T12:00:00Z", 9, 1, 1, "Como emito a nota fiscal?", "confirmed", sla_breached=False,
                  **answered("bot", 9, 2, 30)),
            asked(D28, f"{D29}T02:30:00Z", 23, 4, 3, "NÃO consigo pagar o boleto #boleto", "revoked", sla_breached=True,
                  **answered("attendant", 2, 5, 39_600)),
            asked(D01, f"{D01}T15:00:00Z", 12, 6, 3, "nao consigo pagar  o boleto #boleto", "escalated", sla_breached=False,
                  **answered("bot", 9, 7, 10) | {"human_answer_seconds": 1800, "repeats_message_id": 4}),
            asked(D04, f"{D04}T11:00:00Z", 8, 9, 1, "/ajuda preço do plano", "unanswered") | {"chat_id": SALES},
        ],
        "question_topics": [
            about(D28, 1, 1, "nota fiscal"), about(D28, 4, 2, "pagar boleto"), about(D01, 6, 2, "pagar boleto"),
            about(D04, 9, None, None),
        ],
        "conversations": [
            talk(D28, 1, f"{D28}T12:00:00Z", f"{D28}T12:05:00Z", 3, 1),
            talk(D28, 4, f"{D29}T02:30:00Z", f"{D29}T13:30:00Z", 2, 2),
            talk(D01, 6, f"{D01}T15:00:00Z", f"{D01}T15:30:00Z", 3, 2, handed_over=True),
            talk(D04, 9, f"{D04}T11:00:00Z", f"{D04}T11:00:00Z", 1, 1, chat_id=SALES),
            talk(D04, 10, f"{D04}T11:30:00Z", f"{D04}T11:30:00Z", 1, 1, chat_id=SALES, questions=0),
        ],
    }  # fmt: skip


def _events() -> dict[str, list[Row]]:
    def update(day: str, number: int, received: str, lag: float | None, kind: str = "message", **more: Any) -> Row:
        return {
            "context_date": day, "bot_id": BOT, "update_id": number, "kind": kind, "chat_id": SUPPORT, "source": "webhook",
            "received_at": received, "delivery_lag_seconds": lag, "raw": f"u{number}",
        } | more  # fmt: skip

    def call(day: str, at: str, method: str, seconds: float | None, ok: bool | None, **more: Any) -> Row:
        return {
            "context_date": day, "bot_id": BOT, "method": method, "started_at": at, "seconds": seconds, "ok": ok,
            "chat_id": SUPPORT, "raw": f"c{at}",
        } | more  # fmt: skip

    def change(day: str, at: str, user: int, what: str, **more: Any) -> Row:
        return {
            "context_date": day, "chat_id": SUPPORT, "user_id": user, "occurred_at": at, "change": what, "raw": f"m{at}{user}",
        } | more  # fmt: skip

    def press(day: str, at: str, user: int, data: str) -> Row:
        return {
            "context_date": day,
            "received_at": at,
            "user_id": user,
            "chat_id": SUPPORT,
            "data": data,
            "raw": f"p{at}",
        }

    def reaction(at: str, user: int, message: int, added: list[str], removed: list[str]) -> Row:
        return {
            "context_date": D28, "chat_id": SUPPORT, "message_id": message, "user_id": user, "occurred_at": at,
            "added": added, "removed": removed, "raw": f"r{at}",
        }  # fmt: skip

    def inline(day: str, at: str, user: int) -> Row:
        return {"context_date": day, "received_at": at, "user_id": user, "raw": f"i{at}"}

    flood = {"error_code": 429, "description": "Too Many Requests: retry after 7", "retry_after_seconds": 7}
    return {
        "updates": [
            update(D28, 100, f"{D28}T12:00:01Z", 1.0),
            update(D28, 101, f"{D28}T12:05:02Z", 2.0),
            update(D28, 104, f"{D29}T12:30:00Z", 36_000.0),  # two numbers are missing, and it came the day after
            update(D29, 90_000, f"{D29}T13:30:10Z", 10.0),  # a new start
            update(D29, 90_001, f"{D29}T13:31:00Z", None, "callback_query"),
            update(D01, None, f"{D01}T20:00:00Z", 9.0, "export_message", source="import", bot_id=0, raw="x"),  # type: ignore[arg-type]
        ],
        "calls": [
            call(D28, f"{D28}T12:00:29Z", "sendMessage", 0.2, True),
            call(D28, f"{D28}T12:10:00Z", "sendMessage", 0.1, False, **flood),
            call(D01, f"{D01}T15:00:10Z", "sendMessage", 0.4, True),
            call(D01, f"{D01}T15:00:11Z", "getMe", None, None),
        ],
        "memberships": [
            change(D28, f"{D28}T10:00:00Z", 3, "joined"),
            change(D28, f"{D28}T11:00:00Z", 2, "joined"),
            change(D28, f"{D28}T11:00:01Z", 9, "joined", is_bot=True),
            change(D29, f"{D29}T10:00:00Z", 2, "promoted"),
            change(D01, f"{D01}T18:00:00Z", 3, "left"),
        ],
        "callbacks": [
            press(D28, f"{D28}T12:01:00Z", 1, "menu"), press(D29, f"{D29}T13:31:00Z", 3, "menu"),
            press(D29, f"{D29}T13:32:00Z", 3, "menu"), press(D28, f"{D28}T12:02:00Z", 1, "planos"),
        ],
        "inline_queries": [
            inline(D28, f"{D28}T12:00:00Z", 1), inline(D28, f"{D28}T12:00:01Z", 1), inline(D29, f"{D29}T12:00:00Z", 3),
        ],
        "chosen_results": [inline(D29, f"{D29}T12:00:05Z", 3)],
        "reactions": [
            reaction(f"{D28}T12:01:00Z", 1, 2, ["👍"], []),
            reaction(f"{D28}T12:02:00Z", 3, 2, ["❤"], []),
            reaction(f"{D28}T12:03:00Z", 3, 2, ["👍"], ["❤"]),
            reaction(f"{D28}T12:04:00Z", 3, 1, ["👍"], []),  # Ana's message, not the bot's
        ],
    }  # fmt: skip


def _books() -> dict[str, list[Row]]:
    def built(day: str, table: str, rows: int, raw: int, duplicates: int, quarantined: int, at: str) -> Row:
        return {
            "context_date": day, "table_name": table, "rows": rows, "raw_records": raw, "duplicates": duplicates,
            "quarantined": quarantined, "built_at": at,
        }  # fmt: skip

    def unknown(day: str, what: str, path: str, value: str, updates: int) -> Row:
        return {"context_date": day, "bot_id": BOT, "what": what, "path": path, "value": value, "updates": updates}

    def unread(day: str, number: int, reason: str, size: int) -> Row:
        return {
            "context_date": day,
            "raw": f"q{number}",
            "reason": reason,
            "bytes": size,
            "received_at": f"{day}T12:00:00Z",
        }

    return {
        "builds": [
            built(D28, "updates", 3, 9, 2, 1, f"{D29}T04:00:00Z"), built(D28, "calls", 2, 9, 2, 1, f"{D29}T04:00:00Z"),
            built(D28, "messages", 4, 9, 2, 1, f"{D29}T04:00:00Z"),
            # A day that does not add up is never published; here one stands to be seen.
            built(D29, "updates", 2, 4, 0, 1, "2026-12-30T04:00:00Z"),
        ],
        "drift": [
            unknown(D28, "kind", "mood_changed", "", 2), unknown(D29, "kind", "mood_changed", "", 1),
            unknown(D29, "field", "Message.mood", "", 1),
        ],
        "quarantine": [
            unread(D28, 1, "not JSON", 10), unread(D29, 2, "not JSON", 5), unread(D29, 3, "no update_id", 2),
        ],
    }  # fmt: skip
