"""What a message's wording says of its place in a talk, in English, Portuguese and Spanish: signs, and words to compare.

Signs are yes or no, so that the model's sums stay whole numbers. The lists are short on purpose: they name ways to open, answer and
close a talk, not subjects; subjects are compared as words, in any language. A word that is common in another of the languages ("do"
is "of the" in Portuguese, "no" is "in the") counts only where it opens the message.
"""

from __future__ import annotations

import re
import unicodedata

_WORD = re.compile(r"[^\W_]+(?:[-.'][^\W_]+)*")
_LINK = re.compile(r"https?://|www\.|\bt\.me/")
_LAUGH = re.compile(r"k{3,}|(?:ha){2,}h?|(?:he){2,}|(?:rs)+|(?:je){2,}|lol|lmao")
_FACE = re.compile(r"[:;=]-?[()dpo/|](?:\s|$)|[\u263a-\u263b\U0001f300-\U0001faff]")


class _Accents(dict[int, int | None]):
    """For `str.translate`: takes combining signs out; learns each letter when it first comes."""

    def __missing__(self, code: int) -> int | None:
        self[code] = None if unicodedata.combining(chr(code)) else code
        return self[code]


_ACCENTS = _Accents()


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_OPENS_QUESTION = _set("do does did is are was has have any o que tem existe por cade hay")
_ASKS = _set(
    "how what why where when which who can could should would "
    "como qual quais quando onde quem quanto quantos posso pode podem consigo porque "
    "cual cuales cuando donde quien cuanto puedo puede"
)
_ANYONE = _set("anyone anybody someone somebody everyone everybody alguem alguien")
_ALL = _set("guys folks people all pessoal galera turma amigos chicos todos")
_GREETS = _set("hi hello hey hiya howdy oi ola opa salve hola")
_DAYTIMES = _set("morning afternoon evening night dia tarde noite dias tardes noches")
_THANKS = _set("thanks thank thx ty tks cheers obrigado obrigada obg brigado brigada valeu vlw grato grata gracias")
_YES = _set("yes yeah yep yup ya ok okay sure right true correct sim isso certo exato claro beleza blz si vale dale")
_NO = _set("no nope nah not nao n never nem tampoco")
_GOES_ON = _set("and but or so because then also e mas ou pq entao tambem tb dai y pero entonces tambien")
_TRIES = _set("try use check run type install look open go tenta tente usa use veja olha abre clica roda prueba mira")
_I = _set("i i'm im i've my me eu meu minha yo mi")
_YOU = _set("you your u you're voce vc seu sua teu tu")

SIGNS = (
    "question_mark", "asks", "anyone", "greets", "thanks", "yes", "no", "goes_on", "tries", "i", "you", "laughs",
    "link", "command", "exclaims", "trails_off", "number", "words_2", "words_5", "words_12", "more_words",
)  # fmt: skip


def read(text: str) -> tuple[tuple[int, ...], frozenset[str]]:
    """Give a text's signs, in the order of `SIGNS`, and its words: small letters without accents."""
    plain = text.casefold()
    if not plain.isascii():
        plain = unicodedata.normalize("NFKD", plain).translate(_ACCENTS)
    plain = plain.strip()
    words = _WORD.findall(plain)
    told, early = frozenset(words), frozenset(words[:3])
    opening = words[0] if words else ""
    count = len(words)
    signs = (
        "?" in plain,
        opening in _OPENS_QUESTION or not early.isdisjoint(_ASKS),
        not (told.isdisjoint(_ANYONE) and early.isdisjoint(_ALL)),
        not (early.isdisjoint(_GREETS) and early.isdisjoint(_DAYTIMES)),
        not told.isdisjoint(_THANKS),
        opening in _YES,
        opening in _NO,
        opening in _GOES_ON,
        not early.isdisjoint(_TRIES),
        not told.isdisjoint(_I),
        not told.isdisjoint(_YOU),
        any(map(_LAUGH.fullmatch, told)) or _FACE.search(plain) is not None,
        _LINK.search(plain) is not None,
        plain.startswith(("/", "!")),
        "!" in plain[1:],
        plain.endswith(("...", ",")),
        any(map(str.isdigit, told)),
        count <= 2,
        2 < count <= 5,
        5 < count <= 12,
        count > 25,
    )
    return tuple(map(int, signs)), told
