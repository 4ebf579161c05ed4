"""Members of messages that are not text: files, places, people, polls. Sizes are believable, names are made up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from telelake.demo import script
from telelake.demo.wire import quote, text_members, write

if TYPE_CHECKING:
    from telelake.demo.cast import Person
    from telelake.demo.dice import Dice


def photo(dice: Dice, caption: str | None = None) -> str:
    """Return a photo in three sizes, as a screenshot of a phone has them."""
    sizes = [
        {**_file(dice, "AgACAgEAAx"), "file_size": dice.randrange(least, 3 * least), "width": width, "height": height}
        for width, height, least in ((144, 320, 5_000), (360, 800, 22_000), (576, 1280, 62_000))
    ]
    members = f'"photo":{write(sizes)}'
    return f"{members},{text_members(caption, 'caption')}" if caption else members


def document(dice: Dice, name: str, caption: str | None = None) -> str:
    """Return a PDF; the real server writes its thumbnail twice, as `thumbnail` and under the old name."""
    thumbnail = {**_file(dice, "AAMCAQAD"), "file_size": dice.randrange(3000, 9000), "width": 226, "height": 320}
    file = {
        "file_name": name, "mime_type": "application/pdf", "thumbnail": thumbnail, "thumb": thumbnail,
        **_file(dice, "BQACAgEAAx"), "file_size": dice.randrange(40_000, 900_000),
    }  # fmt: skip
    members = f'"document":{write(file)}'
    return f"{members},{text_members(caption, 'caption')}" if caption else members


def voice(dice: Dice) -> str:
    """Return a voice note of 2 seconds to 2 minutes."""
    seconds = 2 + int(dice.expovariate(1 / 14)) % 118
    note = {"duration": seconds, "mime_type": "audio/ogg", **_file(dice, "AwACAgEAAx"), "file_size": seconds * 4100}
    return f'"voice":{write(note)}'


def sticker(dice: Dice, emojis: tuple[str, ...] = script.STICKERS) -> str:
    """Return a sticker of one made-up set."""
    emoji = dice.pick(emojis)
    thumbnail = {**_file(dice, "AAMCAQAD"), "file_size": 6574, "width": 320, "height": 320}
    shown = {
        "width": 512, "height": 512, "emoji": emoji, "set_name": "AuroraFicticia", "is_animated": False,
        "is_video": False, "type": "regular", "thumbnail": thumbnail, "thumb": thumbnail,
        **_file(dice, "CAACAgEAAx"), "file_size": 21_720,
    }  # fmt: skip
    return f'"sticker":{write(shown)}'


def location(dice: Dice) -> str:
    """Return a place somewhere in the south-east of Brazil."""
    place = {"latitude": round(dice.between(-24.0, -19.5), 6), "longitude": round(dice.between(-47.5, -43.0), 6)}
    return f'"location":{write(place)}'


def contact(dice: Dice, person: Person) -> str:
    """Return somebody's card; the number has an area code that Brazil does not use."""
    number = f"+550090000{dice.randrange(10_000):04d}"
    card = {"phone_number": number, "first_name": person.first_name, "user_id": person.id}
    return f'"contact":{write(card)}'


def poll_object(poll_id: str, which: int, votes: list[int] | None = None, *, closed: bool = False) -> str:
    """Return a Poll of the script; `votes` by option, none when it is new."""
    question, texts = script.POLLS[which]
    counts = votes or [0] * len(texts)
    options = [
        {"persistent_id": str(number), "text": text, "voter_count": counts[number]} for number, text in enumerate(texts)
    ]
    poll: dict[str, Any] = {
        "id": poll_id, "question": question, "options": options, "total_voter_count": sum(counts), "is_closed": closed,
        "is_anonymous": False, "type": "regular", "allows_multiple_answers": False, "allows_revoting": True,
        "members_only": False,
    }  # fmt: skip
    return write(poll)


def buttons(*labels: tuple[str, str], key: str = "callback_data") -> str:
    """Return a `reply_markup` member with one row of buttons."""
    row = ",".join(f'{{"text":{quote(text)},"{key}":{quote(value)}}}' for text, value in labels)
    return f'"reply_markup":{{"inline_keyboard":[[{row}]]}}'


def _file(dice: Dice, prefix: str) -> dict[str, Any]:
    # A `file_unique_id` is 20 letters on the real wire, too.
    return {"file_id": prefix + dice.token(), "file_unique_id": f"AQAD{dice.getrandbits(64):016x}"}
