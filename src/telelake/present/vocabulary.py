"""The words and the nature of every column that an insight returns, in both languages, said once.

A column's *role* decides how it is drawn and written: axis, number format, names of weekdays, kinds and codes. The words
of Portuguese and English that tell nothing of a text (stop words) are in `macros.sql`, where they are used.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Literal

Lang = Literal["en", "pt"]
LANGS: tuple[Lang, ...] = ("en", "pt")


class Role(Enum):
    """What a column's values are."""

    DAY = "day"
    WEEKDAY = "weekday"
    """1 for Monday to 7 for Sunday, as ISO 8601 counts."""
    HOUR = "hour"
    COUNT = "count"
    DECIMAL = "decimal"
    SHARE = "share"
    """Between 0 and 1."""
    PERSON = "person"
    """A name; null stands for all the others together."""
    KIND = "kind"
    ID = "id"
    PERIOD = "period"
    """When a period begins by the local clock: hour, day, week or month, by the parameter `grain`."""
    TIME = "time"
    """A moment, UTC."""
    SECONDS = "seconds"
    """A length of time."""
    INDEX = "index"
    """Between 0 and 1, and no share of anything."""
    TEXT = "text"
    """What people or machines wrote."""
    CHAT = "chat"
    """A chat's title."""
    TOPIC = "topic"
    """A topic's name; null stands for questions of none."""
    CODE = "code"
    """One of a few values, with their words in `CODES`."""


@dataclass(frozen=True, slots=True)
class Word:
    """A column's title and role."""

    en: str
    pt: str
    role: Role

    def title(self, lang: Lang) -> str:
        """Return the title in a language."""
        return self.pt if lang == "pt" else self.en


WORDS: dict[str, Word] = {
    "day": Word("Day", "Dia", Role.DAY),
    "weekday": Word("Weekday", "Dia da semana", Role.WEEKDAY),
    "hour": Word("Hour", "Hora", Role.HOUR),
    "messages": Word("Messages", "Mensagens", Role.COUNT),
    "people": Word("People", "Pessoas", Role.COUNT),
    "new_people": Word("For the first time", "Pela primeira vez", Role.COUNT),
    "messages_per_day": Word("Messages a day", "Mensagens por dia", Role.DECIMAL),
    "average_length": Word("Average characters", "Média de caracteres", Role.DECIMAL),
    "share": Word("Share", "Parcela", Role.SHARE),
    "person": Word("Person", "Pessoa", Role.PERSON),
    "user_id": Word("User id", "Id da pessoa", Role.ID),
    "rank": Word("Rank", "Posição", Role.ID),
    "kind": Word("Kind", "Tipo", Role.KIND),
    "days": Word("Days with messages", "Dias com mensagens", Role.COUNT),
    "busiest_hour": Word("Busiest hour", "Hora mais movimentada", Role.HOUR),
    "busiest_day": Word("Busiest day", "Dia mais movimentado", Role.DAY),
    "busiest_weekday": Word("Busiest weekday", "Dia da semana mais movimentado", Role.WEEKDAY),
    "hour_share": Word("Share in that hour", "Parcela nessa hora", Role.SHARE),
    "weekday_share": Word("Share on that weekday", "Parcela nesse dia da semana", Role.SHARE),
    "period": Word("Period", "Período", Role.PERIOD),
    "period_name": Word("Period", "Período", Role.TEXT),
    "returning_people": Word("Came back", "Voltaram", Role.COUNT),
    "cohort": Word("First wrote in", "Escreveram pela 1ª vez em", Role.PERIOD),
    "cohort_name": Word("First wrote in", "Escreveram pela 1ª vez em", Role.TEXT),
    "age": Word("Periods later", "Períodos depois", Role.ID),
    "cohort_people": Word("People of the cohort", "Pessoas do grupo", Role.COUNT),
    "joined": Word("Joined", "Entraram", Role.COUNT),
    "gone": Word("Left or removed", "Saíram ou foram removidas", Role.COUNT),
    "net": Word("Net growth", "Saldo", Role.COUNT),
    "last_message": Word("Last message", "Última mensagem", Role.DAY),
    "first_message": Word("First message", "Primeira mensagem", Role.DAY),
    "days_silent": Word("Days silent", "Dias em silêncio", Role.COUNT),
    "people_messages": Word("Messages of people", "Mensagens de pessoas", Role.COUNT),
    "bot_messages": Word("Messages of bots", "Mensagens de bots", Role.COUNT),
    "bot_share": Word("Share of bots", "Parcela dos bots", Role.SHARE),
    "chat": Word("Chat", "Chat", Role.CHAT),
    "chat_id": Word("Chat id", "Id do chat", Role.ID),
    "message_id": Word("Message id", "Id da mensagem", Role.ID),
    "characters": Word("Characters", "Caracteres", Role.COUNT),
    "share_of_people": Word("Share of people", "Parcela das pessoas", Role.SHARE),
    "share_of_messages": Word("Share of messages", "Parcela das mensagens", Role.SHARE),
    "gini": Word("Gini index", "Índice de Gini", Role.INDEX),
    "top_tenth_share": Word("Share of the most active tenth", "Parcela do décimo mais ativo", Role.SHARE),
    "people_of_half": Word("People who write half", "Pessoas que escrevem a metade", Role.COUNT),
    "sent_at": Word("Sent (UTC)", "Enviada em (UTC)", Role.TIME),
    "length": Word("Characters", "Caracteres", Role.COUNT),
    "text": Word("Text", "Texto", Role.TEXT),
    "replier": Word("Who replies", "Quem responde", Role.PERSON),
    "replied": Word("To whom", "A quem", Role.PERSON),
    "replier_id": Word("Id of who replies", "Id de quem responde", Role.ID),
    "replied_id": Word("Id of to whom", "Id de a quem", Role.ID),
    "replies": Word("Replies", "Respostas", Role.COUNT),
    "median_seconds": Word("Median time", "Tempo mediano", Role.SECONDS),
    "answers": Word("Questions answered", "Perguntas respondidas", Role.COUNT),
    "confirmed": Word("Confirmed", "Confirmadas", Role.COUNT),
    "helped_people": Word("People helped", "Pessoas ajudadas", Role.COUNT),
    "role": Word("Role", "Papel", Role.CODE),
    "word": Word("Word", "Palavra", Role.TEXT),
    "pair": Word("Words", "Palavras", Role.TEXT),
    "hashtag": Word("Hashtag", "Hashtag", Role.TEXT),
    "domain": Word("Domain", "Domínio", Role.TEXT),
    "link": Word("Link", "Link", Role.TEXT),
    "emoji": Word("Emoji", "Emoji", Role.TEXT),
    "uses": Word("Uses", "Usos", Role.COUNT),
    "language": Word("Language of the app", "Idioma do aplicativo", Role.CODE),
    "copies": Word("Times", "Vezes", Role.COUNT),
    "chats": Word("Chats", "Chats", Role.COUNT),
    "questions": Word("Questions", "Perguntas", Role.COUNT),
    "people_asking": Word("People who asked", "Pessoas que perguntaram", Role.COUNT),
    "answered": Word("Answered", "Respondidas", Role.COUNT),
    "unanswered": Word("Unanswered", "Sem resposta", Role.COUNT),
    "answer_rate": Word("Answered", "Respondidas", Role.SHARE),
    "answered_by_bot": Word("First answered by the bot", "Respondidas primeiro pelo bot", Role.COUNT),
    "answered_by_people": Word("First answered by a person", "Respondidas primeiro por pessoa", Role.COUNT),
    "seen_questions": Word("Where bots are seen", "Onde se veem bots", Role.COUNT),
    "unseen_questions": Word("Where no bot is seen", "Onde nenhum bot é visto", Role.COUNT),
    "bot_replies": Word("Bot's replies", "Respostas do bot", Role.CODE),
    "bot_answer_rate": Word("First answered by the bot", "Respondidas primeiro pelo bot", Role.SHARE),
    "solved_by_bot": Word("Solved by the bot alone", "Resolvidas só pelo bot", Role.COUNT),
    "bot_resolution_rate": Word("Solved by the bot alone", "Resolvidas só pelo bot", Role.SHARE),
    "bot_answered": Word("Answered by the bot", "Com resposta do bot", Role.COUNT),
    "bot_success_rate": Word("Of the bot's answers, solved", "Das respostas do bot, resolveram", Role.SHARE),
    "handed_over": Word("Handed to a person", "Passadas a uma pessoa", Role.COUNT),
    "handoff_rate": Word("Handed to a person", "Passadas a uma pessoa", Role.SHARE),
    "repeated": Word("Asked again in 7 days", "Perguntadas de novo em 7 dias", Role.COUNT),
    "repeat_rate": Word("Asked again in 7 days", "Perguntadas de novo em 7 dias", Role.SHARE),
    "sla_breaches": Word("SLA breaches", "Violações do SLA", Role.COUNT),
    "escalated": Word("Escalated", "Escaladas", Role.COUNT),
    "revoked": Word("Came back", "Revogadas", Role.COUNT),
    "assumed": Word("Assumed solved", "Supostas resolvidas", Role.COUNT),
    "first_response_p50": Word("First response, half within", "Primeira resposta, metade em até", Role.SECONDS),
    "first_response_p90": Word("First response, 90% within", "Primeira resposta, 90% em até", Role.SECONDS),
    "p50_seconds": Word("Half within", "Metade em até", Role.SECONDS),
    "p90_seconds": Word("90% within", "90% em até", Role.SECONDS),
    "max_seconds": Word("Longest", "O mais longo", Role.SECONDS),
    "topic": Word("Topic", "Assunto", Role.TOPIC),
    "topic_id": Word("Topic id", "Id do assunto", Role.ID),
    "questions_before": Word("Questions in the period before", "Perguntas no período anterior", Role.COUNT),
    "asked_at": Word("Asked (UTC)", "Perguntada em (UTC)", Role.TIME),
    "waiting_seconds": Word("Waiting", "Esperando há", Role.SECONDS),
    "waiting": Word("Waiting", "Esperando", Role.COUNT),
    "bucket": Word("First response", "Primeira resposta", Role.CODE),
    "outcome": Word("Outcome", "Desfecho", Role.CODE),
    "answered_by": Word("First answer by", "Primeira resposta de", Role.CODE),
    "command": Word("Command", "Comando", Role.TEXT),
    "button": Word("Button", "Botão", Role.TEXT),
    "presses": Word("Presses", "Toques", Role.COUNT),
    "queries": Word("Inline queries", "Consultas inline", Role.COUNT),
    "chosen": Word("Results chosen", "Resultados escolhidos", Role.COUNT),
    "method": Word("Method", "Método", Role.TEXT),
    "calls": Word("Calls", "Chamadas", Role.COUNT),
    "errors": Word("Errors", "Erros", Role.COUNT),
    "error_rate": Word("Errors", "Erros", Role.SHARE),
    "error_code": Word("Error code", "Código do erro", Role.ID),
    "description": Word("Description", "Descrição", Role.TEXT),
    "waits": Word("Flood waits", "Esperas por excesso", Role.COUNT),
    "wait_seconds": Word("Seconds asked to wait", "Segundos de espera pedidos", Role.SECONDS),
    "updates": Word("Updates", "Updates", Role.COUNT),
    "reaction": Word("Reaction", "Reação", Role.TEXT),
    "added": Word("Added", "Postas", Role.COUNT),
    "removed": Word("Taken away", "Retiradas", Role.COUNT),
    "last_received_at": Word("Last received (UTC)", "Último recebido (UTC)", Role.TIME),
    "last_day": Word("Last day", "Último dia", Role.DAY),
    "last_built_at": Word("Last build (UTC)", "Última construção (UTC)", Role.TIME),
    "raw_records": Word("Raw records", "Registros brutos", Role.COUNT),
    "rows": Word("Rows", "Linhas", Role.COUNT),
    "duplicates": Word("Duplicates", "Duplicados", Role.COUNT),
    "quarantined": Word("In quarantine", "Em quarentena", Role.COUNT),
    "missing": Word("Missing", "Faltando", Role.COUNT),
    "late": Word("Late", "Atrasados", Role.COUNT),
    "late_share": Word("Late", "Atrasados", Role.SHARE),
    "bot_id": Word("Bot", "Bot", Role.ID),
    "lowest": Word("Lowest update_id", "Menor update_id", Role.ID),
    "highest": Word("Highest update_id", "Maior update_id", Role.ID),
    "seen": Word("Seen", "Vistos", Role.COUNT),
    "update_kind": Word("Kind of update", "Tipo de update", Role.TEXT),
    "what": Word("What is unknown", "O que é desconhecido", Role.CODE),
    "path": Word("Where", "Onde", Role.TEXT),
    "value": Word("Value", "Valor", Role.TEXT),
    "reason": Word("Reason", "Motivo", Role.TEXT),
    "records": Word("Records", "Registros", Role.COUNT),
    "all_questions": Word("Questions in all", "Perguntas ao todo", Role.COUNT),
    "conversations": Word("Conversations", "Conversas", Role.COUNT),
    "with_questions": Word("With a question", "Com pergunta", Role.COUNT),
    "messages_each": Word("Messages each", "Mensagens em cada", Role.DECIMAL),
    "people_each": Word("People in each", "Pessoas em cada", Role.DECIMAL),
    "escalation_rate": Word("Escalated to a human", "Escaladas a um humano", Role.SHARE),
    "sla_breached": Word("SLA breached", "SLA violado", Role.CODE),
    "question_id": Word("Question", "Pergunta", Role.TEXT),
    "answer_seconds": Word("Time to the answer", "Tempo até a resposta", Role.SECONDS),
    "outcome_rule": Word("Told by", "Sabido por", Role.CODE),
    "answer_message_id": Word("Message id of the answer", "Id da mensagem de resposta", Role.ID),
    "conversation_id": Word("Conversation", "Conversa", Role.TEXT),
    "lake_days": Word("Days in the lake", "Dias no lago", Role.COUNT),
    "first_day": Word("First day", "Primeiro dia", Role.DAY),
    "bytes": Word("Bytes", "Bytes", Role.COUNT),
}

WEEKDAYS: dict[Lang, tuple[str, ...]] = {
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    "pt": ("seg", "ter", "qua", "qui", "sex", "sáb", "dom"),
}

GROUPS: dict[str, tuple[str, str]] = {
    "answers": ("The three answers", "As três respostas"),
    "activity": ("Activity", "Atividade"),
    "people": ("People", "Pessoas"),
    "content": ("Content", "Conteúdo"),
    "support": ("Support", "Atendimento"),
    "bot": ("Bot", "Bot"),
    "data": ("Data", "Dados"),
}
"""Groups of insights, which are the pages of the dashboard, in their order: title in English and Portuguese."""

CODES: dict[str, dict[str, tuple[str, str]]] = {
    "outcome": {
        "confirmed": ("Confirmed", "Confirmada"),
        "assumed": ("Assumed solved", "Suposta resolvida"),
        "revoked": ("Came back", "Revogada"),
        "escalated": ("Escalated", "Escalada"),
        "unanswered": ("Unanswered", "Sem resposta"),
        "open": ("Answered, too early to tell", "Respondida, cedo para dizer"),
    },
    "sla_breached": {"true": ("Yes", "Sim"), "false": ("No", "Não")},
    "answered_by": {
        "bot": ("Bot", "Bot"),
        "attendant": ("Attendant", "Atendente"),
        "customer": ("Another customer", "Outro cliente"),
        "human": ("A person", "Uma pessoa"),
        "any": ("Anyone", "Qualquer um"),
    },
    "role": {
        "bot": ("Bot", "Bot"),
        "attendant": ("Attendant", "Atendente"),
        "customer": ("Customer", "Cliente"),
    },
    "bucket": {
        "1": ("0-1 h", "0-1 h"),
        "2": ("1-4 h", "1-4 h"),
        "3": ("4-8 h", "4-8 h"),
        "4": ("8-24 h", "8-24 h"),
        "5": ("24 h or more", "24 h ou mais"),
        "6": ("No answer yet", "Ainda sem resposta"),
    },
    "bot_replies": {"seen": ("In the lake", "No lago"), "unseen": ("Not in the lake", "Não estão no lago")},
    "language": {"none": ("Not said", "Não informado")},
    "what": {
        "kind": ("Kind of update", "Tipo de update"),
        "field": ("Field", "Campo"),
        "tag": ("Value", "Valor"),
        "type": ("Type of JSON", "Tipo de JSON"),
    },
}
"""Words of coded values, by column: English, Portuguese. A value that is not here is shown as it is."""

NO_TOPIC: dict[Lang, str] = {"en": "No topic", "pt": "Sem assunto"}

OTHER_TOPICS: dict[Lang, str] = {"en": "Other topics, or none", "pt": "Outros assuntos, ou nenhum"}
"""What stands for no topic where topics are ranked: a row of all that follow the first."""

OTHERS: dict[Lang, str] = {"en": "Everyone else", "pt": "Demais pessoas"}

KINDS: dict[str, tuple[str, str]] = {
    "text": ("Text", "Texto"),
    "photo": ("Photo", "Foto"),
    "video": ("Video", "Vídeo"),
    "voice": ("Voice", "Voz"),
    "audio": ("Audio", "Áudio"),
    "document": ("Document", "Documento"),
    "sticker": ("Sticker", "Figurinha"),
    "animation": ("Animation (GIF)", "Animação (GIF)"),
    "video_note": ("Video note", "Vídeo redondo"),
    "live_photo": ("Live photo", "Foto viva"),
    "story": ("Story", "Story"),
    "contact": ("Contact", "Contato"),
    "location": ("Location", "Localização"),
    "venue": ("Venue", "Lugar"),
    "poll": ("Poll", "Enquete"),
    "checklist": ("Checklist", "Lista de tarefas"),
    "dice": ("Dice", "Dado"),
    "game": ("Game", "Jogo"),
    "invoice": ("Invoice", "Fatura"),
    "paid_media": ("Paid media", "Mídia paga"),
}
"""Kinds of messages by their name in the Bot API; one that is not here is shown by that name."""


def kind_names(lang: Lang) -> dict[str, str]:
    """Return each kind's name in a language."""
    return {kind: names[1 if lang == "pt" else 0] for kind, names in KINDS.items()}


def duration(seconds: float, lang: Lang) -> str:
    """Return a length of time in its largest fitting unit: s, min, h or d, which both languages share.

    >>> [duration(each, "en") for each in (0.25, 59, 90, 5400, 200_000)]
    ['0.2 s', '59 s', '1.5 min', '1.5 h', '2.3 d']
    >>> duration(90, "pt")
    '1,5 min'
    """
    text = f"{seconds:.0f} s" if seconds == int(seconds) else f"{seconds:.1f} s"
    for size, unit in ((60, "min"), (3600, "h"), (86_400, "d")):
        if seconds >= size:
            text = f"{seconds / size:.1f} {unit}"
    return text.replace(".", ",") if lang == "pt" else text


def code_names(column: str, lang: Lang) -> dict[str, str]:
    """Return the words of a coded column's values in a language."""
    return {code: names[1 if lang == "pt" else 0] for code, names in CODES.get(column, {}).items()}


def titles(lang: Lang) -> dict[str, dict[str, str]]:
    """Return title and role of every column, as the page wants them."""
    return {name: {"title": word.title(lang), "role": word.role.value} for name, word in WORDS.items()}
