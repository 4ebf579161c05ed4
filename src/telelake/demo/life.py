"""All that happens in a group besides questions: talk, commands, buttons, coming and going, forwards, spam."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telelake.demo import media, script
from telelake.demo.acts import Note, Say
from telelake.demo.truth import Asked
from telelake.demo.wire import Verbatim, members, quote, text_members

if TYPE_CHECKING:
    from telelake.demo.cast import Chat, Person
    from telelake.demo.stage import Stage
    from telelake.demo.support import Support


class Life:
    """Plans the small scenes."""

    def __init__(self, stage: Stage, support: Support) -> None:
        self._stage = stage
        self._support = support
        self._dice = stage.dice
        self._voice = stage.voice
        self._words = stage.voice.wordings
        self._cast = stage.cast

    def talk(self, at: float, chat: Chat) -> None:
        """Small talk: a line, and a few who join in."""
        dice, case = self._dice, self._voice.case()
        person = self._cast.someone()
        if dice.chance(0.1):
            said = self._stage.say(at, Say(chat, person, media.sticker(dice)))
        else:
            lines = self._lines()
            said = self._text(at, chat, person, self._voice.line(lines, case, person))
        for _ in range(dice.pick((0, 0, 1, 1, 2, 3))):
            at += dice.between(8, 400)
            other = self._cast.someone()
            if dice.chance(0.35):
                self._support.react(at, said, other)
            else:
                reply_to = said if dice.chance(0.5) else None
                self._text(at, chat, other, self._voice.line(self._words.chat_replies, case, other), reply_to)

    def _lines(self) -> tuple[str, ...]:
        """Return what small talk begins with; some of it ends in a question mark, or thanks nobody for anything."""
        roll, words = self._dice.random(), self._words
        if roll < 0.1:
            return script.SHARES
        if roll < 0.26:
            return words.social_questions
        return words.stray_thanks if roll < 0.3 else words.chat

    def command(self, at: float, chat: Chat) -> None:
        """A command; the answering bot obeys."""
        case, person = self._voice.case(), self._cast.someone()
        commands, answers = self._dice.pick(script.COMMANDS)
        asked = self._stage.debatable(self._text(at, chat, person, self._voice.line(commands, case, person)))
        at += self._dice.between(0.8, 3)
        answer = self._voice.answer(answers, case, person)
        self._stage.say(at, Say(chat, self._cast.answerer, answer, asked))

    def share(self, at: float, chat: Chat) -> None:
        """A place, a card, a file, or something forwarded from elsewhere."""
        dice, person, roll = self._dice, self._cast.someone(), self._dice.random()
        if roll < 0.15:
            self._stage.say(at, Say(chat, person, media.location(dice)))
        elif roll < 0.3:
            self._stage.say(at, Say(chat, person, media.contact(dice, self._cast.someone())))
        elif roll < 0.4:
            self._stage.say(at, Say(chat, person, media.voice(dice)))
        else:
            text = dice.pick(script.FORWARDED).format_map(self._voice.case())
            self._stage.say(at, Say(chat, person, text_members(text), extra=self._origin(int(at)), text=text))

    def buttons(self, at: float, chat: Chat) -> None:
        """A press of a button under the listener's own menu; such an update has no date."""
        person, dice = self._cast.someone(), self._dice
        if dice.chance(0.5):
            chat = person.private
        chat = chat.moved_to or chat
        if not chat.menu_id:
            return
        label, data = dice.pick(script.BUTTONS)
        menu = (
            f'{{"message_id":{chat.menu_id},"from":{self._cast.listener.json},"chat":{chat.json},'
            f'"date":{_menu_date(self._stage)},"text":{quote("Como posso ajudar? 👇")},{media.buttons((label, data))}}}'
        )
        pressed = (
            f'"callback_query":{{"id":"{dice.getrandbits(62)}","from":{person.json},"message":{menu},'
            f'"chat_instance":"{dice.getrandbits(62)}","data":{quote(data)}}}'
        )
        self._stage.at(at, Note(person.id, pressed))

    def inline(self, at: float) -> None:
        """Somebody looks something up through the listener, typing; some send what they found."""
        dice, person, query = self._dice, self._cast.someone(), self._dice.pick(script.QUERIES)
        for typed in (query[:3], query) if dice.chance(0.5) else (query,):
            at += dice.between(0.5, 2)
            looked_up = (
                f'"inline_query":{{"id":"{dice.getrandbits(62)}","from":{person.json},"chat_type":"supergroup",'
                f'"query":{quote(typed)},"offset":""}}'
            )
            self._stage.at(at, Note(person.id, looked_up))
        if dice.chance(0.5):
            at += dice.between(1, 6)
            chosen = f'{{"from":{person.json},"query":{quote(query)},"result_id":"{dice.randrange(50)}"}}'
            self._stage.at(at, Note(person.id, f'"chosen_inline_result":{chosen}'))
            extra = members(via_bot=Verbatim(self._cast.listener.json))
            text = f"ℹ️ {query.capitalize()}: https://lojaaurora.example/ajuda"
            self._stage.say(at, Say(self._cast.main, person, text_members(text), extra=extra, text=text))

    def private(self, at: float) -> None:
        """Somebody writes to the listener; its own answers are never delivered to it."""
        dice, case = self._dice, self._voice.case()
        person, topic = self._support.asker(at)
        if dice.chance(0.25):
            self._text(at, person.private, person, "/start")
            at += dice.between(4, 30)
        asked = self._stage.ask(Asked(topic.key, person, is_private=True))
        for part in self._voice.question(asked.topic, case, person):
            asked.parts.append(self._text(at, person.private, person, part))
            at += dice.between(4, 30)
        asked.said += asked.parts
        if dice.chance(0.3):
            thanks = self._voice.line(self._words.thanks, case, person)
            asked.said.append(self._text(at + dice.between(5, 200), person.private, person, thanks))
        if dice.chance(0.03):
            self._block(at + dice.between(30, 600), person)

    def join(self, at: float) -> None:
        """Somebody joins: the administrator's update and the service message, in one second."""
        person = self._cast.outsider()
        if person is None:
            return
        person.is_inside = True
        chat = self._cast.main
        self._member(at, person, person, _LEFT, _MEMBER)
        joined = f'"new_chat_participant":{person.json},"new_chat_members":[{person.json}]'
        self._stage.say(at, Say(chat, person, joined))
        if self._dice.chance(0.08):
            self._spam(at + self._dice.between(5, 90), person)
        elif self._dice.chance(0.4):
            hello = self._text(at + self._dice.between(20, 400), chat, person, self._dice.pick(self._words.greetings))
            if self._dice.chance(0.5):
                self._support.react(at + 600, hello, self._cast.someone())

    def leave(self, at: float) -> None:
        """Somebody leaves."""
        if person := self._cast.quiet_member():
            person.is_inside = False
            self._member(at, person, person, _MEMBER, _LEFT)
            self._gone(at, person, person)

    def _spam(self, at: float, person: Person) -> None:
        """A newcomer advertises and is banned."""
        self._text(at, self._cast.main, person, self._dice.pick(script.SPAM).format_map(self._voice.case()))
        attendant = self._cast.attendants[0]
        at += self._dice.between(30, 1500)
        person.is_inside = False
        self._member(at, attendant, person, _MEMBER, _BANNED)
        self._gone(at, attendant, person)

    def _gone(self, at: float, by: Person, person: Person) -> None:
        left = f'"left_chat_participant":{person.json},"left_chat_member":{person.json}'
        self._stage.say(at, Say(self._cast.main, by, left))

    def _member(self, at: float, by: Person, person: Person, old: str, new: str) -> None:
        chat = self._cast.main
        change = (
            f'"chat_member":{{"chat":{chat.json},"from":{by.json},"date":@now,'
            f'"old_chat_member":{{"user":{person.json},{old}}},"new_chat_member":{{"user":{person.json},{new}}}}}'
        )
        self._stage.at(at, Note(chat.id, change))

    def _block(self, at: float, person: Person) -> None:
        """The listener is stopped in a private chat, and a day later started again."""
        bot = self._cast.listener.json
        for when, old, new in ((at, _MEMBER, _BANNED), (at + 86_400, _BANNED, _MEMBER)):
            change = (
                f'"my_chat_member":{{"chat":{person.private.json},"from":{person.json},"date":@now,'
                f'"old_chat_member":{{"user":{bot},{old}}},"new_chat_member":{{"user":{bot},{new}}}}}'
            )
            self._stage.at(when, Note(person.id, change))

    def _origin(self, at: int) -> str:
        """Return where it was forwarded from: each kind of origin, with the old fields that the server still writes."""
        dice, date, roll = self._dice, at - self._dice.randrange(60, 400_000), self._dice.random()
        origin: dict[str, object]
        old: dict[str, object]
        if roll < 0.35:
            user = Verbatim(self._cast.someone().json)
            origin, old = {"type": "user", "sender_user": user}, {"forward_from": user}
        elif roll < 0.55:
            name = f"{dice.pick(script.FIRST_NAMES_F)} (fictícia)"
            origin, old = {"type": "hidden_user", "sender_user_name": name}, {"forward_sender_name": name}
        elif roll < 0.7:
            chat = Verbatim(self._cast.main.json)
            origin, old = {"type": "chat", "sender_chat": chat}, {"forward_from_chat": chat}
        else:
            post, channel, by = dice.randrange(1, 900), Verbatim(self._cast.channel_json), "Equipe Aurora"
            origin = {"type": "channel", "chat": channel, "message_id": post, "author_signature": by}
            old = {"forward_from_chat": channel, "forward_from_message_id": post, "forward_signature": by}
        return members(forward_origin=Verbatim(f"{{{members(**origin, date=date)}}}"), **old, forward_date=date)

    def _text(self, at: float, chat: Chat, person: Person, text: str, reply_to: Say | None = None) -> Say:
        return self._stage.say(at, Say(chat, person, text_members(text), reply_to, text=text))


_MEMBER = '"status":"member"'
_LEFT = '"status":"left"'
_BANNED = '"status":"kicked","until_date":0'


def _menu_date(stage: Stage) -> int:
    """Return when the menus were sent: a day before the period."""
    return int(stage.period.midnight(0)) - 86_400
