"""Made-up sentences; what identifies a person stands in ⟦…⟧, and all else must stay.

Telephones are of the kinds that people write, with numbers of no one's choosing; documents and cards are the well-known
examples that check, and e-mails lie in example domains.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass

_MARKED = re.compile("⟦(.*?)⟧")


@dataclass(frozen=True)
class Sentence:
    """A text, and the places in it that must be masked."""

    text: str
    spans: tuple[tuple[int, int], ...]


def sentence(marked: str) -> Sentence:
    """Return a sentence from one with marks."""
    spans, text = [], ""
    for number, piece in enumerate(_MARKED.split(marked)):
        if number % 2:
            spans.append((len(text), len(text) + len(piece)))
        text += piece
    return Sentence(text, tuple(spans))


WRITTEN = [
    # telephones
    "me liga no ⟦(11) 98765-4321⟧ amanhã", "meu zap é ⟦11987654321⟧", "⟦+55 11 98765-4321⟧", "⟦+5511987654321⟧ 👍",
    "fone ⟦(21) 3456-7890⟧ ramal 12", "whats: ⟦98765-4321⟧", "celular ⟦9 8765-4321⟧ qualquer hora", "contato ⟦3456-7890⟧",
    "⟦0xx11 98765-4321⟧ à noite", "⟦(011) 98765-4321⟧", "liga ⟦5511987654321⟧!", "⟦11.98765.4321⟧", "⟦11 9 8765 4321⟧",
    "https://wa.me/⟦5511987654321⟧?text=oi", "tel:⟦+5511987654321⟧", "call me at ⟦+44 20 7946 0958⟧ please",
    "my number is ⟦+1 (212) 555-0123⟧", "desde Portugal: ⟦+351 912 345 678⟧", "ring ⟦0044 20 7946 0958⟧",
    "dois: ⟦(11) 98765-4321⟧ e ⟦(11) 91234-5678⟧", "ligue ⟦(85) 3111-2233⟧, é do pai", "😀😀 ⟦+55 71 99876-5432⟧ 😀",
    # e-mails
    "mande para ⟦ana.silva@exemplo.com.br⟧", "e-mail: ⟦ANA_SILVA+loja@example.co.uk⟧.", "<⟦bia@example.org⟧>", "⟦a@b.co⟧",
    # documents
    "cpf ⟦529.982.247-25⟧", "meu CPF: ⟦52998224725⟧", "titular ⟦111.444.777-35⟧, ok?", "CPF ⟦123.456.789-09⟧ e ⟦111 444 777 35⟧",
    "cnpj ⟦11.222.333/0001-81⟧", "emitir para ⟦11222333000181⟧", "nova empresa ⟦12.ABC.345/01DE-35⟧", "⟦12ABC34501DE35⟧",
    # cards
    "cartão ⟦4111 1111 1111 1111⟧ val 12/28", "⟦5555555555554444⟧", "amex ⟦3782 822463 10005⟧", "elo ⟦6362970000457013⟧",
    "card no. ⟦4012-8888-8888-1881⟧ exp 01/29", "hiper ⟦6062825624254001⟧",
    # keys of PIX
    "chave pix ⟦123e4567-e89b-42d3-a456-426614174000⟧", "pix: ⟦529.982.247-25⟧ ou ⟦bia@example.org⟧",
    "⟦00020126580014br.gov.bcb.pix0136123e4567-e89b-42d3-a456-426614174000520400005303986"
    "5802BR5913Fulano de Tal6008BRASILIA62070503***63041D3D⟧",
    # names of Telegram's
    "fala com ⟦@ana_ficticia⟧", "⟦@bia_teste⟧, veja isto", "ask ⟦@somebody99⟧.", "t.me/⟦ana_ficticia⟧",
    "https://t.me/s/⟦ana_ficticia⟧", "⟦anaficticia⟧.t.me", "tg://user?id=⟦6100000001⟧", "tg://resolve?domain=⟦ana_ficticia⟧",
]  # fmt: skip

KEPT = [
    "pedido 11987654321", "Pedido nº 1133334444 atrasado", "protocolo 2026112100012345", "protocolo nº 20261121000123",
    "order #2126554433 shipped", "NF 000123456", "nota fiscal 1234567890", "rastreio AA123456789BR", "tracking 1Z999AA10123456784",
    "21/11/2026 14:30", "2026-11-21T14:30:00Z", "de 10/03/2026 a 12/03/2026", "R$ 12.345.678,90", "US$ 1,234,567.89",
    "custa 199,90 em 12x de 16,66", "CEP 01310-100", "2019-2020", "jogo 3-2, público 45.678", "123.456.789-00", "529.982.247-26",
    "11.222.333/0001-82", "4111 1111 1111 1112", "5555555555554445", "1234 5678 9012 3456", "versão 10.20.30.40",
    "192.168.100.200:8080", "1920x1080", "msg 123456789", "t.me/joinchat/AAAAAEkk2WdoDrB4", "https://t.me/addstickers/Gatos",
    "/start@loja_bot promo2026", "34191.79001 01043.510047 91020.150008 5 84410026000", "-23.550520, -46.633308",
    "35260311222333000181550010000012341000012345", "e5f1c1f7a6b94b8f9e3e2d1c0b9a8f7e", "chapter 12, pages 120-135",
    "10 @ 5 reais", "ISBN 978-85-333-0227-3", "processo 0001234-56.2026.8.26.0100", "30 dias, 12 horas e 45 minutos",
    "temperatura 36.7 °C, pressão 120/80", "linha 8000, código 12345678", "serial 987654321012", "PIS 120.12345.67-8 não",
    "conta 12345-6 ag 0001", "ticket 20261234567", "matrícula 2026100123", "R$ 1.000.000,00 a R$ 2.500.000,00",
    "1 000 000 000 views",
]  # fmt: skip

MISSED = [
    "meu número é onze nove oito sete meia cinco quatro três dois um", "ana arroba exemplo ponto com",
    "sou a Ana Fictícia da Silva",
    "CPF 529.982.247-26 com um dígito errado", "meu id é 6100000001", "1 1 9 8 7 6 5 4 3 2 1 0 9 8 7 6 5",
]  # fmt: skip
"""What tells of a person and is not found: docs/privacy.md says so."""


def made(seed: int, count: int) -> Iterator[Sentence]:
    """Yield sentences around random numbers that check, in random writings, and around near misses."""
    dice = random.Random(seed)
    said = [
        "me chama no {}",
        "é {} ok?",
        "{}",
        "anota: {}.",
        "my number: {}",
        "dados ({})",
        "oi! {} obrigado",
        "segue {}, urgente",
    ]
    missed = ["pedido {}", "protocolo: {}", "order #{}", "NF-e {}", "código {}", "rastreio {}", "ticket nº {}"]
    for _ in range(count):
        kind = dice.choice([_mobile, _landline, _cpf, _cnpj, _card, _mail])
        yield sentence(dice.choice(said).format(f"⟦{kind(dice)}⟧"))
        yield sentence(dice.choice(missed).format(_number(dice)))
        yield sentence(dice.choice(["{}", "em {}", "foi {} mesmo"]).format(_figure(dice)))


def _mobile(dice: random.Random) -> str:
    area, head, tail = (
        dice.choice([11, 21, 31, 41, 51, 61, 71, 81, 85, 92]),
        dice.randint(6000, 9999),
        dice.randint(0, 9999),
    )
    return dice.choice(
        ["({a}) 9{h}-{t:04}", "{a}9{h}{t:04}", "+55 {a} 9{h}-{t:04}", "+55{a}9{h}{t:04}", "{a} 9{h} {t:04}", "{a} 9 {h}-{t:04}",
         "55{a}9{h}{t:04}", "0{a} 9{h}-{t:04}", "+55 ({a}) 9{h}-{t:04}", "({a})9{h}{t:04}", "9{h}-{t:04}"]
    ).format(a=area, h=head, t=tail)  # fmt: skip


def _landline(dice: random.Random) -> str:
    return dice.choice(["(11) {h}-{t:04}", "11 {h}-{t:04}", "+55 11 {h} {t:04}"]).format(
        h=dice.randint(3000, 3999), t=dice.randint(0, 9999)
    )


def _cpf(dice: random.Random) -> str:
    digits = [dice.randint(0, 9) for _ in range(8)] + [dice.randint(1, 9)]
    for length in (9, 10):
        total = sum(digit * weight for digit, weight in zip(digits, range(length + 1, 1, -1), strict=True))
        digits.append((11 - total % 11) % 11 % 10)
    text = "".join(map(str, digits))
    return text if dice.random() < 0.5 else f"{text[:3]}.{text[3:6]}.{text[6:9]}-{text[9:]}"


def _cnpj(dice: random.Random) -> str:
    signs = "0123456789ABCDEFGHJKLMNPRSTUVWXYZ" if dice.random() < 0.4 else "0123456789"
    values = dice.choice("123456789") + "".join(dice.choice(signs) for _ in range(7)) + "0001"
    for _ in range(2):
        weights = [2 + place % 8 for place in range(len(values))][::-1]
        total = sum((ord(sign) - 48) * weight for sign, weight in zip(values, weights, strict=True))
        values += str((11 - total % 11) % 11 % 10)
    return values if dice.random() < 0.5 else f"{values[:2]}.{values[2:5]}.{values[5:8]}/{values[8:12]}-{values[12:]}"


def _card(dice: random.Random) -> str:
    digits = [*map(int, dice.choice(["4", "51", "55", "2221", "650", "509"]))]
    digits += [dice.randint(0, 9) for _ in range(15 - len(digits))]
    total = sum(digit if place % 2 else sum(divmod(2 * digit, 10)) for place, digit in enumerate(digits))
    text = "".join(map(str, [*digits, -total % 10]))
    return dice.choice([" ", "-", ""]).join(text[at : at + 4] for at in range(0, 16, 4))


def _mail(dice: random.Random) -> str:
    name = "".join(dice.choice("abcdefghijklmno._+-")[:1] for _ in range(dice.randint(1, 12))).strip(".") or "a"
    return f"{name}{dice.randint(0, 99)}@{dice.choice(['example.com', 'exemplo.com.br', 'mail.example.org'])}"


def _number(dice: random.Random) -> str:
    """Return a number of 8 to 12 digits that is no CPF."""
    text = str(dice.randint(10**7, 10**12 - 1))
    return text if len(text) != 11 else text[:10]


def _figure(dice: random.Random) -> str:
    clock = f"{dice.randint(0, 23):02}:{dice.randint(0, 59):02}"
    return dice.choice(
        [f"R$ {dice.randint(1, 999)}.{dice.randint(100, 999)},{dice.randint(10, 99)}",
         f"{dice.randint(1, 28):02}/{dice.randint(1, 12):02}/{dice.randint(2013, 2030)} {clock}",
         f"{dice.randint(10000, 99999)}-{dice.randint(100, 999)}", f"2026-{dice.randint(1, 12):02}-{dice.randint(1, 28):02}",
         f"{dice.choice(['AA', 'OJ', 'QB'])}{dice.randint(10**8, 10**9 - 1)}BR", f"{dice.randint(1, 9999999)}",
         f"{dice.randint(1, 255)}.{dice.randint(0, 255)}.{dice.randint(0, 255)}.{dice.randint(0, 255)}"]
    )  # fmt: skip
