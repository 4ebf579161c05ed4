"""What happens exactly once, so that every demo has it, however small.

The migration, the incident's notices, a pin, a title, polls, the listener's promotion; and the disorder that a lake
must survive: a message of 23:59 delivered after midnight, one nearly a day late, retries at once and hours later.
A period too short for one of them goes without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from telelake.demo import media, script
from telelake.demo.acts import Move, Note, Pin, Retitle, Say
from telelake.demo.truth import Asked
from telelake.demo.wire import quote, text_members, unmark

if TYPE_CHECKING:
    from telelake.demo.cast import Chat, Person
    from telelake.demo.stage import Stage

LATE = 20 * 3600.0
"""Seconds that the latest message is late."""
_RIGHTS = (
    "can_be_edited", "is_anonymous", "can_manage_chat", "can_delete_messages", "can_manage_video_chats",
    "can_restrict_members", "can_promote_members", "can_change_info", "can_invite_users", "can_post_stories",
    "can_edit_stories", "can_delete_stories", "can_pin_messages", "can_manage_topics", "can_send_welcome_messages",
)  # fmt: skip
_GRANTED = ("can_manage_chat", "can_delete_messages", "can_invite_users", "can_pin_messages")


def plan(stage: Stage) -> None:
    """Plan all of them."""
    period, cast, dice = stage.period, stage.cast, stage.dice
    boss, middle = cast.attendants[0], (period.days - 1) // 2
    _promotion(stage, period.midnight(0) + 1)
    _notice(stage, period.moment(0, 8) + 120, boss, script.NOTICES[2], pin=True)
    _notice(stage, period.moment(period.incident_day, 14) + 900, boss, script.NOTICES[0], pin=True)
    _notice(stage, period.moment(period.incident_day, 17) + 300, boss, script.NOTICES[1], pin=False)
    _migration(stage, period.moment(middle, 15) + 420, boss)
    old, new = (quote(f"Suporte Loja Aurora{more} (dados fictícios)") for more in ("", " 💜"))
    title = Say(cast.main, boss, f'"new_chat_title":{new}')
    stage.at(period.moment(middle, 9) + 1800, Retitle(title, new, old))
    for week, day in enumerate(range(0, period.days, 7)):
        _polls(stage, period.moment(day, 11) + 1234, boss, week)
    _disorder(stage, dice.pick(cast.people[-20:]), middle)


def _promotion(stage: Stage, at: float) -> None:
    """The listener becomes an administrator and is told of reactions and members from then on; so do the attendants."""
    chat, bot = stage.cast.main, stage.cast.listener.json
    rights = ",".join(f'"{right}":{"true" if right in _GRANTED else "false"}' for right in _RIGHTS)
    change = (
        f'"my_chat_member":{{"chat":{chat.json},"from":{stage.cast.attendants[0].json},"date":@now,'
        f'"old_chat_member":{{"user":{bot},"status":"member"}},'
        f'"new_chat_member":{{"user":{bot},"status":"administrator",{rights}}}}}'
    )
    stage.at(at, Note(chat.id, change))
    attendants = stage.cast.attendants
    for number, person in enumerate(attendants):
        by = attendants[0 if number else -1]
        change = (
            f'"chat_member":{{"chat":{chat.json},"from":{by.json},"date":@now,'
            f'"old_chat_member":{{"user":{person.json},"status":"member"}},'
            f'"new_chat_member":{{"user":{person.json},"status":"administrator",{rights}}}}}'
        )
        stage.at(at + 60 + 7 * number, Note(chat.id, change))


def _notice(stage: Stage, at: float, by: Person, marked: str, *, pin: bool) -> None:
    text, entities = unmark(marked)
    chat = stage.cast.main
    notice = stage.say(at, Say(chat, by, text_members(text, given=entities), text=text))
    if pin:
        stage.at(at + 20, Pin(notice, Say(chat, by, "")))


def _migration(stage: Stage, at: float, by: Person) -> None:
    """The basic group moves: its last message names the new one, whose first message names the old one."""
    old, new = stage.cast.resellers, stage.cast.moved
    stage.at(at, Move(Say(old, by, f'"migrate_to_chat_id":{new.id}'), new))
    stage.say(at, Say(new, by, f'"migrate_from_chat_id":{old.id}'))


def _polls(stage: Stage, at: float, by: Person, week: int) -> None:
    """An attendant's poll, seen as a message; and the listener's own, seen by its votes and its end."""
    dice, which = stage.dice, week % len(script.POLLS)
    stage.say(at, Say(stage.cast.main, by, f'"poll":{media.poll_object(str(dice.getrandbits(62)), which)}'))
    poll_id, votes = str(dice.getrandbits(62)), [0] * len(script.POLLS[which][1])
    for person in dict.fromkeys(stage.cast.someone() for _ in range(12)):
        option = dice.randrange(len(votes))
        votes[option] += 1
        vote = (
            f'"poll_answer":{{"poll_id":"{poll_id}","user":{person.json},"option_ids":[{option}],'
            f'"option_persistent_ids":["{option}"]}}'
        )
        stage.at(at + dice.between(60, 30_000), Note(person.id, vote))
    stage.at(at + 40_000, Note(stage.cast.main.id, f'"poll":{media.poll_object(poll_id, which, votes, closed=True)}'))


def _disorder(stage: Stage, quiet: Person, middle: int) -> None:
    period, chat = stage.period, stage.cast.main
    evening = period.moment(min(middle + 1, max(period.days - 2, 0)), 23)
    hello = _text(stage, evening + 59 * 60 + 41, quiet.private, quiet, "boa noite, ainda tem alguém aí?", (151.0,))
    stage.debatable(hello)
    late_at = period.moment(max(period.days - 3, 0), 10) + 77
    if late_at + LATE < stage.end:
        # A quiet one: everything else of the same person waits behind it.
        other = stage.cast.people[-21]
        late = _text(
            stage, late_at, other.private, other, "mandei mensagem e acho que não foi, estava sem sinal", (LATE,)
        )
        stage.debatable(late)
    for index, delays in enumerate(((0.4, 0.4), (0.3, 0.3, 0.3), (0.5, 1800.0), (0.4, 6.0 * 3600))):
        person = stage.cast.someone()
        _text(
            stage,
            period.moment(0, 9) + 601 * index,
            chat,
            person,
            stage.dice.pick(stage.voice.wordings.chat_replies),
            delays,
        )
    by = stage.cast.someone()
    edited = _text(stage, period.moment(0, 18) + 333, chat, by, "alguém sabe se a loja abre no feriado?", ())
    content = text_members(f"{edited.text} já descobri, abre sim")
    found = stage.edit(period.moment(1, 9) + 12, edited, content, (0.4, 0.4))
    stage.ask(Asked("loja", by, parts=[edited], said=[edited], signs=[("solved_alone", found)]))


def _text(stage: Stage, at: float, chat: Chat, by: Person, text: str, delays: tuple[float, ...]) -> Say:
    return stage.say(at, Say(chat, by, text_members(text), delays=delays, text=text))
