"""What identifies a person in a text: found, checked, and covered by a mask of the same length.

The length is that of Telegram, which counts UTF-16 units: the offsets of entities, and counts of characters, stay true.
A mask holds nothing that is found again, so masking twice is masking once. Numbers count only if they check: documents
and cards by their check digits, telephones by the numbering plans. Names that people write in a sentence are not found.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from phonenumbers import (
    Leniency,
    NumberParseException,
    PhoneNumberMatcher,
    country_code_for_region,
    is_valid_number,
    parse,
)
from stdnum import luhn
from stdnum.br import cnpj, cpf

WORTH = (
    r"@\w|\p{Nd}(?:[^\p{Nd}\p{L}]{0,3}\p{Nd}){6}|\.me|\.dog/|tg://|[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-"
    r"|[0-9A-Za-z]{2}\.? ?[0-9A-Za-z]{3}\.?[0-9A-Za-z]{3} ?/? ?[0-9A-Za-z]{4} ?[-–]? ?[0-9]{2}"
)
"""RE2: a text without it holds nothing that any finder finds. Looking is cheap, and nearly every text is settled by it."""

FILLER = "·"
_Span = tuple[int, int]

_MAIL = re.compile(r"[\w.!#$%&'*+=?^`{|}~-]+@[\w-]+(?:\.[\w-]+)+")
_BR_CODE = re.compile(r"00020[0-9][^\n]*?br\.gov\.bcb\.pix[^\n]*?6304[0-9A-F]{4}", re.IGNORECASE)
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_MENTION = re.compile(r"(?<![\w@/.])@[A-Za-z]\w{3,31}(?!\w)")
_LINK = re.compile(r"(?<![\w.])(?:t|telegram)\.(?:me|dog)/(?:s/)?@?([A-Za-z]\w{3,31})(?!\w)", re.IGNORECASE)
_HOST = re.compile(r"(?<![\w.])([A-Za-z]\w{3,31})\.t\.me(?![\w.])", re.IGNORECASE)
_DEEP_LINK = re.compile(r"tg://[^\s?]*\?(?:[^\s&]*&)*?(?:id|user_id|domain|phone)=\+?([\w]+)", re.IGNORECASE)
_NOT_PEOPLE = frozenset(
    {
        "addemoji", "addlist", "addstickers", "addtheme", "boost", "confirmphone", "contact", "giftcode", "invoice", "joinchat",
        "login", "proxy", "setlanguage", "share", "socks",
    }
)  # fmt: skip
"""What stands in a link of Telegram's where a username may."""

_CPF = re.compile(r"(?<!\d)(?<!\d[.,/-])\d{3}([. ]?)\d{3}\1\d{3}[-. /]?\d{2}(?!\d)(?![.,/-]\d)")
_CNPJ = re.compile(
    r"(?<![0-9A-Za-z])(?:[0-9A-Z]{2}\. ?[0-9A-Z]{3}\.[0-9A-Z]{3} ?/ ?[0-9A-Z]{4} ?[-–] ?\d{2}|[0-9A-Z]{12}[-–]?\d{2}"
    r"|\d{2} \d{3} \d{3} \d{4} \d{2}|[0-9A-Z]{8}/[0-9A-Z]{4}[-–]?\d{2})(?![0-9A-Za-z])",
    re.IGNORECASE,
)
_CARD = re.compile(
    r"(?<!\d)(?<!\d[.,/])(?:\d{4}([ .-]?)\d{4}\1\d{4}\1\d{4}|\d{4}([ .-])\d{6}\2\d{4,5}|\d{13,19})(?!\d)(?![.,/]\d)"
)
_ISSUERS = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})$|(?:5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}$|3[47]\d{13}$"
    r"|3(?:0[0-5]|[689]\d)\d{11}$|(?:6011|65\d\d|64[4-9]\d)\d{12}$|35(?:2[89]|[3-8]\d)\d{12}$"
    r"|(?:5(?:018|020|038|0[49]\d|066|067)|6(?:062|277|304|36[23]|759|76[123]))\d{12}$"
)
"""Visa, Mastercard, American Express, Diners, Discover, JCB; Elo, Hipercard, Maestro."""

_MOBILE = re.compile(r"(?<![\d.,/-])(?:9 ?\d{4}[-. ]\d{4})(?!\d)(?![.,/-]\d)")
"""A Brazilian mobile number without its area code, written in two parts."""
_ABROAD = re.compile(r"(?<![\d+])00([1-9](?:[ ().-]{0,2}\d){7,13})(?!\d)")
_TOLD = re.compile(
    r"\b(?:tel(?:efone)?|fone|celular|cel|zap|whats(?:app)?|wpp|ligue?|ligar|phone|call|mobile|contato|recado)\b"
    r"\W{0,3}(?:(?:para|pra|no|o|meu|é|is|at|me|us|on|n[ºo°])\W{1,2}){0,3}(\d{4,5}[-. ]?\d{4})(?!\d)(?![.,/-]\d)",
    re.IGNORECASE,
)
"""Eight or nine digits are a telephone only where it is said."""
_NUMBERED = re.compile(
    r"(?:\b(?:pedido|protocolo|ordem|order|ticket|chamado|nf(?:-?e)?|nota|fiscal|rastreio|rastreamento|tracking|c[oó]digo|code|id|"
    r"ref|refer[eê]ncia|contrato|fatura|invoice|matr[ií]cula|processo|boleto|serial|sku|lote|message_id)\b|#)"
    r"\W{0,3}(?:(?:n[ºo°.]?|n[uú]mero|number|no|de|do|da|é|is|foi|was)\W{1,3}){0,3}$",
    re.IGNORECASE,
)
"""Words before a number without any mark of a telephone that say what else it numbers."""

_OTHER = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}|\d{5}-\d{3}")
"""An address of the Internet, a Brazilian postcode."""

_BY_MARK = {
    "mention": "@", "text_mention": "name", "email": "mail", "phone_number": "phone",
}  # fmt: skip
"""Entities that Telegram itself found, and what they are."""


def mask_text(text: str, region: str, marks: Iterable[Mapping[str, Any]] = ()) -> str:
    """Return a text with masks over what identifies a person; `marks` are entities as the Bot API writes them.

    A number without a country code is read as one of the region's.
    """
    text, before = _cover_marks(text, marks), None
    # What stood against a number may be found once that is covered.
    while text != before:
        before = text
        for kind, find in _FINDERS:
            text = _cover(text, kind, find(text))
        text = _cover(text, "phone", _phones(text, region))
    return text


def mask_of(kind: str, units: int) -> str:
    """Return a mask of some UTF-16 units; that of a mention goes on looking like one."""
    if kind == "@":
        return "@" + FILLER * (units - 1)
    if units < len(kind) + 2:
        return FILLER * units
    return f"[{kind}{FILLER * (units - len(kind) - 2)}]"


def utf16_length(text: str) -> int:
    """Return a text's length as Telegram counts."""
    return len(text) + sum(character > "\uffff" for character in text)


def _cover(text: str, kind: str, spans: Iterable[_Span]) -> str:
    pieces, at = [], 0
    for start, end in spans:
        pieces += [text[at:start], mask_of(kind, utf16_length(text[start:end]))]
        at = end
    return "".join([*pieces, text[at:]]) if pieces else text


def _cover_marks(text: str, marks: Iterable[Mapping[str, Any]]) -> str:
    for mark in marks:
        kind = _BY_MARK.get(str(mark.get("type")))
        start, length = mark.get("offset"), mark.get("length")
        if kind is None or not isinstance(start, int) or not isinstance(length, int) or start < 0 or length <= 0:
            continue
        units = text.encode("utf-16-le", "surrogatepass")
        if 2 * (start + length) > len(units):
            continue
        head, tail = units[: 2 * start], units[2 * (start + length) :]
        covered = head + mask_of(kind, length).encode("utf-16-le") + tail
        # A mark that cuts a character in half leaves halves, which no table can hold.
        text = covered.decode("utf-16-le", "replace")
    return text


def _all(pattern: re.Pattern[str], group: int = 0) -> Callable[[str], Iterator[_Span]]:
    return lambda text: (found.span(group) for found in pattern.finditer(text))


def _checked(pattern: re.Pattern[str], holds: Callable[[str], bool]) -> Callable[[str], Iterator[_Span]]:
    return lambda text: (found.span() for found in pattern.finditer(text) if holds(found.group()))


def _linked(text: str) -> Iterator[_Span]:
    return (found.span(1) for found in _LINK.finditer(text) if found.group(1).lower() not in _NOT_PEOPLE)


def _is_cnpj(text: str) -> bool:
    return bool(cnpj.is_valid(text.replace("–", "-")))


def _is_card(text: str) -> bool:
    digits = re.sub(r"\D", "", text)
    return _ISSUERS.match(digits) is not None and bool(luhn.is_valid(digits))


def _phones(text: str, region: str) -> Iterator[_Span]:
    if sum(character.isdigit() for character in text) < 8:
        return
    spans = {found.span(1) for found in _TOLD.finditer(text)}
    spans |= {found.span() for found in _ABROAD.finditer(text) if _is_phone("+" + found.group(1))}
    if country_code_for_region(region) == 55:
        spans |= set(_all(_MOBILE)(text))
    for match in PhoneNumberMatcher(text, region, leniency=Leniency.VALID):
        if _OTHER.fullmatch(match.raw_string):
            continue
        if not match.raw_string.isdigit() or not _NUMBERED.search(text[max(0, match.start - 60) : match.start]):
            spans.add((match.start, match.end))
    end = 0
    for span in sorted(spans, key=lambda span: (span[0], -span[1])):
        if span[1] > end:
            yield max(span[0], end), span[1]
            end = span[1]


def _is_phone(text: str) -> bool:
    try:
        return is_valid_number(parse(text))
    except NumberParseException:
        return False


_FINDERS: tuple[tuple[str, Callable[[str], Iterable[_Span]]], ...] = (
    ("key", _all(_BR_CODE)),
    ("mail", _all(_MAIL)),
    ("key", _all(_UUID)),
    ("user", _all(_DEEP_LINK, 1)),
    ("user", _linked),
    ("user", _all(_HOST, 1)),
    ("@", _all(_MENTION)),
    ("cnpj", _checked(_CNPJ, _is_cnpj)),
    ("cpf", _checked(_CPF, cpf.is_valid)),
    ("card", _checked(_CARD, _is_card)),
)
