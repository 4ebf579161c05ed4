"""From what somebody typed to the words that tell what it is about: folded, stemmed, common ones marked.

Accents, capitals, letters held down ("naooo") and chat spellings ("vc", "pq") are levelled first, so that wordings meet. Links,
addresses, usernames, commands and numbers say who or where and not what about: they are dropped here, and so reach no model.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Protocol, cast

from telelake.talk.topics import common_words

LANGUAGES = ("pt", "en", "es")
"""In order of preference where a question does not tell."""

_STEMMERS = {"pt": "portuguese", "en": "english", "es": "spanish"}
_NO_WORDS = re.compile(r"https?://\S+|www\.\S+|\S+@\S+|@\w+|(?:^|(?<=\s))/\w+")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_HELD = re.compile(r"(.)\1{2,}")
_CACHED = 200_000

_COMMON: Mapping[str, frozenset[str]] = {
    name: frozenset(text.split())
    for name, text in {"pt": common_words.PT, "en": common_words.EN, "es": common_words.ES}.items()
}
"""Words without a subject of their own, folded. How, when, why and not are none: they tell a wish from a complaint."""

_CHAT: Mapping[str, Mapping[str, str]] = {
    "pt": {
        "vc": "voce", "vcs": "voces", "c": "voce", "pq": "porque", "pk": "porque", "q": "que", "n": "nao", "nn": "nao",
        "naum": "nao", "tb": "tambem", "tbm": "tambem", "td": "tudo", "msg": "mensagem", "msgs": "mensagens", "qdo": "quando",
        "qnd": "quando", "qndo": "quando", "cmo": "como", "cm": "como", "obg": "obrigado", "pfv": "favor", "pf": "favor",
        "vlw": "valeu", "dps": "depois", "hj": "hoje", "ngm": "ninguem", "alg": "alguem", "cel": "celular", "tel": "telefone",
        "app": "aplicativo", "apk": "aplicativo", "pgto": "pagamento", "pagto": "pagamento", "qto": "quanto", "qnt": "quanto",
        "qual": "qual", "eh": "e", "mt": "muito", "mto": "muito", "kd": "cade", "p": "para", "sla": "sei", "add": "adicionar",
    },
    "en": {
        "u": "you", "ur": "your", "r": "are", "pls": "please", "plz": "please", "thx": "thanks", "y": "why", "acct": "account",
        "acc": "account", "msg": "message", "cuz": "because", "b4": "before", "n": "and", "txn": "transaction",
    },
    "es": {
        "xq": "porque", "pq": "porque", "q": "que", "k": "que", "tb": "tambien", "tmb": "tambien", "xfa": "favor", "pls": "favor",
        "msj": "mensaje", "cel": "celular", "tel": "telefono", "app": "aplicacion", "x": "por", "d": "de",
    },
}  # fmt: skip
"""How people write in chats, and what it stands for."""

_PLURALS = ((re.compile(r"(?:oes|aes|aos)$"), "ao"), (re.compile(r"ns$"), "m"), (re.compile(r"([aeo])is$"), r"\1l"))
"""Portuguese plurals that its stemmer knows by their accents, which are folded away here."""


class _Stemmer(Protocol):
    def stemWord(self, word: str) -> str: ...  # noqa: N802


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a question."""

    stem: str
    surface: str
    """As it was typed, in small letters."""
    is_common: bool


def words(text: str, language: str) -> list[Word]:
    """Return a question's words, in order; `language` where the question itself does not tell."""
    typed = [each.replace("’", "'") for each in _WORD.findall(_NO_WORDS.sub(" ", text.lower()))]
    folded = [_fold(each) for each in typed]
    tongue = _tongue(folded) or language
    found = ((_word(each, tongue), shown) for each, shown in zip(folded, typed, strict=True) if _says_what(each))
    return [Word(stem, shown, is_common) for (stem, is_common), shown in found]


def language_of(texts: Sequence[str]) -> str:
    """Return the language that most questions are written in, of those that tell."""
    counts = dict.fromkeys(LANGUAGES, 0)
    for text in texts:
        folded = [_fold(each) for each in _WORD.findall(_NO_WORDS.sub(" ", text.lower()))]
        if tongue := _tongue(folded):
            counts[tongue] += 1
    return max(LANGUAGES, key=counts.__getitem__)


def fold(text: str) -> str:
    """Return a text in small letters, without accents, in one line."""
    return " ".join(_fold(text.lower()).split())


@lru_cache(_CACHED)
def _fold(text: str) -> str:
    plain = "".join(each for each in unicodedata.normalize("NFKD", text) if not unicodedata.combining(each))
    return _HELD.sub(r"\1", plain.replace("'", ""))


def _says_what(word: str) -> bool:
    """Return whether a folded word can say what something is about: a number, a code or a key of PIX does not."""
    return not any(each.isdigit() for each in word) or (len(word) <= 3 and not word.isdigit())


def _tongue(folded: Sequence[str]) -> str | None:
    """Return the language whose common words a question has most of; None when it does not tell."""
    hits = {name: sum(each in _COMMON[name] or each in _CHAT[name] for each in folded) for name in LANGUAGES}
    best, second = sorted(hits.values(), reverse=True)[:2]
    return next(name for name in LANGUAGES if hits[name] == best) if best > second else None


@lru_cache(_CACHED)
def _word(folded: str, language: str) -> tuple[str, bool]:
    """Return a folded word's stem, and whether it is a common one."""
    word = _CHAT[language].get(folded, folded)
    if word in _COMMON[language]:
        return word, True
    if language == "pt":
        for ending, single in _PLURALS:
            if len(word) > 4 and ending.search(word):
                word = ending.sub(single, word)
                break
    return _stemmer(language).stemWord(word), False


@cache
def _stemmer(language: str) -> _Stemmer:
    import snowballstemmer

    return cast(_Stemmer, snowballstemmer.stemmer(_STEMMERS[language]))
