"""The page's words in both languages, and which one a reader gets."""

from __future__ import annotations

from typing import Any

from telelake.present.vocabulary import LANGS, Lang

TEXTS: dict[Lang, dict[str, str]] = {
    "en": {
        "html_lang": "en",
        "other_lang": "Português",
        "made_up": "Made-up data / Dados fictícios",
        "made_up_more": "Nothing here was written by real people.",
        "from": "From",
        "to": "To",
        "chat": "Chat",
        "all_chats": "All chats",
        "week": "ISO week",
        "all_weeks": "All weeks",
        "apply": "Apply",
        "clear_filters": "Clear filters",
        "filters": "Filters",
        "figures": "Key figures",
        "definition": "What is counted",
        "numbers": "Show the numbers",
        "sql": "Show the SQL",
        "loading": "Loading…",
        "empty": "No messages in this selection.",
        "failed": "This chart could not be loaded:",
        "skip": "Skip to the charts",
        "no_script": "The charts need JavaScript. Every number is also behind the CSV and JSON links of each card.",
        "no_data": "No data yet",
        "no_data_more": "This lake has no release to read yet. Send your bot a message "
        "and wait for the next wrangle; then open this page again.",
        "wrong": "These filters do not work",
        "updated": "Updated",
        "last_day": "Last day",
        "timezone": "Time zone",
        "home": "Lake",
        "messages": "messages",
    },
    "pt": {
        "html_lang": "pt-BR",
        "other_lang": "English",
        "made_up": "Dados fictícios / Made-up data",
        "made_up_more": "Nada aqui foi escrito por pessoas reais.",
        "from": "De",
        "to": "Até",
        "chat": "Chat",
        "all_chats": "Todos os chats",
        "week": "Semana ISO",
        "all_weeks": "Todas as semanas",
        "apply": "Aplicar",
        "clear_filters": "Limpar filtros",
        "filters": "Filtros",
        "figures": "Números principais",
        "definition": "O que é contado",
        "numbers": "Mostrar os números",
        "sql": "Mostrar o SQL",
        "loading": "Carregando…",
        "empty": "Nenhuma mensagem nesta seleção.",
        "failed": "Este gráfico não pôde ser carregado:",
        "skip": "Ir para os gráficos",
        "no_script": "Os gráficos precisam de JavaScript. Todo número está também nos links CSV e JSON de cada cartão.",
        "no_data": "Ainda não há dados",
        "no_data_more": "Este lago ainda não tem uma versão publicada. Envie uma mensagem ao seu bot "
        "e espere o próximo processamento; depois abra esta página de novo.",
        "wrong": "Estes filtros não funcionam",
        "updated": "Atualizado",
        "last_day": "Último dia",
        "timezone": "Fuso",
        "home": "Lago",
        "messages": "mensagens",
    },
}


def choose(asked: str | None, accepted: str | None, default: Lang) -> Lang:
    """Return the language of `?lang=`, else the browser's first that we speak, else the default."""
    if asked in LANGS:
        return asked
    best: tuple[float, Lang] = (0.0, default)
    for part in (accepted or "").split(","):
        tag, _, weight = part.strip().partition(";q=")
        for lang in LANGS:
            if tag.lower().partition("-")[0] == lang and _number(weight) > best[0]:
                best = (_number(weight), lang)
    return best[1]


def number(value: Any, lang: Lang) -> str:
    """Return a whole number with the language's thousands."""
    text = f"{int(value):,}"
    return text.replace(",", ".") if lang == "pt" else text


def _number(weight: str) -> float:
    try:
        return float(weight or 1)
    except ValueError:
        return 0.0
