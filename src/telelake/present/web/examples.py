"""Queries to begin with, for the SQL page; each runs as it stands, on an empty lake too."""

from __future__ import annotations

from telelake.present.vocabulary import LANGS, Lang

_EXAMPLES: tuple[tuple[str, str, str], ...] = (
    (
        "Messages by day", "Mensagens por dia",
        "SELECT context_date, count(*) AS messages\nFROM messages\nGROUP BY context_date\nORDER BY context_date",
    ),
    (
        "Who wrote most", "Quem mais escreveu",
        "SELECT coalesce(names.person, '#' || user_id) AS person, count(*) AS messages\nFROM messages\n"
        "LEFT JOIN people_names() AS names USING (user_id)\nWHERE NOT is_service\nGROUP BY 1\nORDER BY messages DESC\nLIMIT 20",
    ),
    (
        "Busiest hours of this lake", "Horas mais movimentadas deste lago",
        "SELECT local_hour, count(*) AS messages\nFROM messages\nWHERE NOT is_service\nGROUP BY local_hour\nORDER BY local_hour",
    ),
    (
        "Messages with a link", "Mensagens com link",
        "SELECT sent_at, user_id, text\nFROM messages\nWHERE text LIKE '%http%'\nORDER BY sent_at DESC\nLIMIT 50",
    ),
    (
        "Edited messages: first and last text", "Mensagens editadas: primeiro e último texto",
        "SELECT chat_id, message_id, count(*) AS states,\n"
        "       arg_min(text, version) AS first_text, arg_max(text, version) AS last_text\n"
        "FROM message_versions\nGROUP BY 1, 2\nHAVING count(*) > 1\nORDER BY states DESC\nLIMIT 50",
    ),
    (
        "What a build cost", "Quanto custou cada construção",
        "SELECT table_name, context_date, rows, seconds\nFROM builds\nORDER BY seconds DESC\nLIMIT 50",
    ),
    ("All tables", "Todas as tabelas", "SHOW TABLES"),
)  # fmt: skip


def of(lang: Lang) -> list[dict[str, str]]:
    """Return each example's title and SQL."""
    return [{"title": each[LANGS.index(lang)], "sql": each[2]} for each in _EXAMPLES]
