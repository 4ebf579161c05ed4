"""Text as rules read it: small letters, no accents, nothing drawn out, usual shortenings in full; and what it is about."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

LONGEST = 2000
"""Characters of a message that are read: a question stands at its beginning or is none."""

_SHORT = {
    "vc": "voce", "vcs": "voces", "pq": "porque", "qdo": "quando", "qnd": "quando", "qnto": "quanto", "qto": "quanto",
    "cmo": "como", "kd": "cade", "n": "nao", "nn": "nao", "naum": "nao", "ñ": "nao", "num": "nao",
    "tbm": "tambem", "tb": "tambem", "blz": "beleza", "obg": "obrigado", "obgd": "obrigado", "brigado": "obrigado",
    "brigada": "obrigada", "obgda": "obrigada", "vlw": "valeu", "vlww": "valeu", "td": "tudo",
    "alg": "alguem", "algm": "alguem", "oq": "o que", "oque": "o que", "pra": "para", "pro": "para o", "ta": "esta",
    "tou": "estou", "tava": "estava", "tao": "estao", "q": "que", "ke": "que", "msm": "mesmo",
    "hj": "hoje", "aki": "aqui", "eh": "e", "pf": "por favor", "pfv": "por favor", "pfvr": "por favor", "plz": "please",
    "pls": "please", "thx": "thanks", "ty": "thanks", "u": "you", "r": "are", "cant": "can't", "dont": "don't",
    "doesnt": "doesn't", "didnt": "didn't", "isnt": "isn't", "wont": "won't", "im": "i'm", "xq": "porque", "tmb": "tambem",
    "cm": "como", "c": "com", "p": "para", "mto": "muito", "mt": "muito", "dms": "demais", "msg": "mensagem", "gnt": "gente",
}  # fmt: skip
_CACHED = 50_000
"""Texts whose terms are kept: the same are asked for again and again, and people say the same."""
_OFTEN = (
    "obrigado", "obrigada", "alguem", "ninguem", "responde", "responder", "atendente", "humano", "suporte", "funcionou", "resolveu",
    "resolvido", "consegui", "consigo", "continua", "problema", "perguntei", "pergunta", "ajudar", "preciso", "tudo", "isso",
    "quero", "mesmo", "mesma", "certo", "valeu", "chegou", "recebi", "tentei",
)  # fmt: skip
"""Words that rules look for and people often mistype."""
_WORDS_TOO = frozenset({"algum", "mesmos", "mesmas", "meso"})


def _slips(word: str) -> Iterator[str]:
    """Yield a word with two letters changed round, or one inside it left out: what fingers do, and seldom another word."""
    for at in range(len(word) - 1):
        yield word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if len(word) >= 6:
        for at in range(1, len(word) - 1):
            yield word[:at] + word[at + 1 :]


_SHORT = {
    slip: word for word in _OFTEN for slip in _slips(word) if slip not in _WORDS_TOO and slip not in _OFTEN
} | _SHORT
_LINK = re.compile(r"(?:https?://|www\.|t\.me/)\S+")
_DRAWN = re.compile(r"([a-z])\1{2,}")
_TOKEN = re.compile(r"[a-zñ0-9]+(?:'[a-z]+)?|\?|[!.,;:]+|\n|[^\sa-z0-9ñ]")
_WORD = re.compile(r"[a-z0-9ñ][a-z0-9ñ']*")
_SIGNS = {"’": "'", "‘": "'", "´": "'", "¿": " ", "¡": " ", "…": ".", "？": "?"}
_JOINS = dict.fromkeys(["\ufe0f", "\u200d", *map(chr, range(0x1F3FB, 0x1F400)), *map(chr, range(0x300, 0x36F))])
"""What only colours or joins the sign before it, and accents that stand apart."""
_LETTERS = {
    letter: "".join(each for each in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(each))
    for letter in map(chr, range(0xC0, 0x250))
    if letter != "ñ"
}
_ACCENTS = str.maketrans({**_LETTERS, **_JOINS, **_SIGNS})


def fold(text: str) -> str:
    """Return words and signs of a text as rules read them, with one space between."""
    text = text[:LONGEST].lower().replace("`", "'")
    if "/" in text or "www." in text:
        text = _LINK.sub(" ", text)
    if not text.isascii():
        text = text.translate(_ACCENTS)
    text = _DRAWN.sub(r"\1", text)
    return " ".join([_SHORT.get(each, each) for each in _TOKEN.findall(text)])


@lru_cache(_CACHED)
def terms(folded: str) -> frozenset[str]:
    """Return what a text is about, for likeness: its words less those of all talk, cut to their beginnings."""
    return frozenset(each[:6] for each in _WORD.findall(folded) if each not in _COMMON and len(each) > 2)


def alike(one: frozenset[str], other: frozenset[str]) -> bool:
    """Return whether two questions are the same, by their terms."""
    common = len(one & other)
    if common < 2:
        return bool(one) and one == other
    return common / len(one | other) >= 0.5 or common / min(len(one), len(other)) >= 0.75


_TALK = """
a o e as os um uma uns umas de do da dos das no na nos nas em por para com sem que se como qual quais quando
onde quanto quantos quem porque favor ola oi bom boa dia tarde noite pessoal gente galera tudo bem eu voce
voces meu minha meus minhas seu sua ele ela isso isto esse essa este esta estou estao sao foi ser ter tem
tenho nao sim mais muito ja ainda so ate alguem algum alguma sabe sabem saber pode podem posso consigo
consegue conseguir gostaria queria quero preciso fazer faco faz feito vou vai ir aqui ali ai agora hoje ontem
amanha me te lhe mas ou tambem depois antes duvida pergunta ajuda ajudar obrigado obrigada desde novo
novamente vez outra mesmo mesma continua the an is are was be to of in on at for with and or not does did can
could would should how what when where why which who this that it my your you he she they there here have has
had please help anyone know someone hi hello thanks el la los las un una unos unas y con sin cuando donde cual
quien mi tu su yo es son estan hay puedo puede alguien hola gracias al del lo le dar deu dando
"""
_COMMON = frozenset(_TALK.split())
"""Words of all talk, which say nothing of what it is about."""
