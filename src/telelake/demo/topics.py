"""What people of the made-up group ask about, and how often; the words are in `wordings`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Topic:
    """A subject that people ask about."""

    key: str
    weight: float
    peers: float = 0.12
    """How likely another customer answers."""


TOPICS = (
    Topic("boleto", 12), Topic("senha", 9), Topic("entrega", 14), Topic("troca", 8), Topic("nota_fiscal", 6),
    Topic("cupom", 8), Topic("pix", 10), Topic("cancelamento", 8), Topic("app", 9, 0.25), Topic("frete", 7),
    Topic("endereco", 6), Topic("garantia", 6), Topic("cartao", 6), Topic("pontos", 4), Topic("estoque", 5),
    Topic("cadastro", 4), Topic("opiniao", 5, 0.85), Topic("loja", 4, 0.3),
)  # fmt: skip
INCIDENT = Topic("site_fora", 0.3, 0.3)
"""Rare, but on the day on which the site is down."""
ALL_TOPICS = (*TOPICS, INCIDENT)
PERSONAL_DOCUMENTS = ("boleto", "pix", "nota_fiscal")
"""Topics in which a question may come with a file."""
