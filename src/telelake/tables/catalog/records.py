"""What came in, what could not be read, and what was built from it."""

from telelake.tables.model import Column as C
from telelake.tables.model import Kind as K
from telelake.tables.model import Table

UPDATES = Table(
    name="updates",
    en="An update received, of any kind; the same update received again is not another.",
    pt="Um update recebido, de qualquer tipo; o mesmo update recebido de novo não é outro.",
    key=("raw",),
    sort=("chat_id", "occurred_at", "update_id"),
    reads_day_before=True,
    columns=(
        C(1, "context_date", K.DAY, "Lake day of the update's own date, else of its receipt.", "Dia do lago da data do próprio update, senão do recebimento.", required=True),
        C(2, "bot_id", K.LONG, "Bot that received it.", "Bot que o recebeu.", required=True),
        C(3, "update_id", K.LONG, "Telegram's number of the update; wraps and resets.", "Número do update no Telegram; recomeça às vezes.", required=True),
        C(4, "kind", K.TEXT, "message, edited_message, callback_query, …; null when the update has no payload.", "message, edited_message, callback_query, …; nulo quando o update não tem conteúdo."),
        C(5, "chat_id", K.LONG, "Chat it belongs to.", "Chat a que pertence.", ("Message.chat.id", "Event.chat.id", "Event.message.chat.id")),
        C(6, "user_id", K.LONG, "Person or bot who did it.", "Pessoa ou bot que o fez.", ("Message.from.id", "Event.from.id", "Event.user.id", "Event.boost.source.user.id", "Event.source.user.id"), personal=True),
        C(7, "message_id", K.LONG, "Message it is or is about.", "Mensagem que é ou de que trata.", ("Message.message_id", "Event.message_id", "Event.message.message_id")),
        C(8, "occurred_at", K.TIME, "When it happened (UTC): the edit's time for an edit, else its own date; null for kinds without one.", "Quando aconteceu (UTC): o momento da edição, senão a própria data; nulo nos tipos sem data.", ("Message.date", "Message.edit_date", "Event.date", "Event.remove_date")),
        C(9, "received_at", K.TIME, "When it was captured (UTC).", "Quando foi capturado (UTC).", required=True),
        C(10, "delivery_lag_seconds", K.DOUBLE, "From happening to capture, seconds.", "Do acontecimento à captura, em segundos."),
        C(11, "source", K.TEXT, "How it came in: webhook, poll, proxy, import, sqs.", "Como chegou: webhook, poll, proxy, import, sqs.", required=True),
        C(12, "bytes", K.LONG, "Size of the body as JSON text, bytes.", "Tamanho do corpo em texto JSON, em bytes.", required=True),
        C(13, "raw", K.TEXT, "record_id of its raw record.", "record_id do seu registro bruto.", required=True),
        C(14, "deliveries", K.LONG, "Times it was received that day.", "Vezes em que foi recebido no dia.", required=True),
        C(15, "extra", K.TEXT, "JSON of what no column reads; the whole payload for kinds that have no table yet.", "JSON do que nenhuma coluna lê; o conteúdo inteiro nos tipos que ainda não têm tabela.", personal=True),
        C(16, "notes", K.TEXTS, "What was wrong in it, by path; each such value is null.", "O que havia de errado, por caminho; cada valor desses é nulo.", element_id=17),
    ),
)  # fmt: skip

QUARANTINE = Table(
    name="quarantine",
    en="A body that could not be read as an update.",
    pt="Um corpo que não pôde ser lido como update.",
    key=("raw",),
    sort=("received_at",),
    columns=(
        C(1, "context_date", K.DAY, "Lake day of its receipt.", "Dia do lago do recebimento.", required=True),
        C(2, "bot_id", K.LONG, "Bot that received it; null when the raw line itself is broken.", "Bot que o recebeu; nulo quando a própria linha bruta está quebrada."),
        C(3, "received_at", K.TIME, "When it was captured (UTC).", "Quando foi capturado (UTC)."),
        C(4, "source", K.TEXT, "How it came in.", "Como chegou."),
        C(5, "reason", K.TEXT, "Why it could not be read.", "Por que não pôde ser lido.", required=True),
        C(6, "bytes", K.LONG, "Size, bytes.", "Tamanho, em bytes.", required=True),
        C(7, "raw", K.TEXT, "record_id of its raw record; a digest of the line when that is broken.", "record_id do seu registro bruto; um resumo da linha quando ela está quebrada.", required=True),
    ),
)  # fmt: skip

BUILDS = Table(
    name="builds",
    en="A build of one table's day: what it was made from, and the day's books (raw = rows of updates + duplicates + quarantined).",
    pt="A construção de um dia de uma tabela: de que foi feita, e as contas do dia (bruto = linhas de updates + duplicatas + quarentena).",
    key=("context_date", "table_name"),
    sort=("table_name",),
    columns=(
        C(1, "context_date", K.DAY, "Lake day.", "Dia do lago.", required=True),
        C(2, "table_name", K.TEXT, "Table.", "Tabela.", required=True),
        C(3, "input_digest", K.TEXT, "Of the raw records that it was made from.", "Dos registros brutos de que foi feita.", required=True),
        C(4, "recipe_digest", K.TEXT, "Of the table's SQL, its declaration and how lines are read.", "Do SQL da tabela, sua declaração e de como as linhas são lidas.", required=True),
        C(5, "content_digest", K.TEXT, "Of the rows.", "Das linhas.", required=True),
        C(6, "rows", K.LONG, "Rows of the table's day.", "Linhas do dia da tabela.", required=True),
        C(7, "raw_records", K.LONG, "Raw records of the day, quarantined ones included.", "Registros brutos do dia, inclusive os em quarentena.", required=True),
        C(8, "duplicates", K.LONG, "Records that repeat another.", "Registros que repetem outro.", required=True),
        C(9, "quarantined", K.LONG, "Records that could not be read.", "Registros que não puderam ser lidos.", required=True),
        C(10, "notes", K.LONG, "Values of a wrong type that became null.", "Valores de tipo errado que viraram nulo.", required=True),
        C(11, "seconds", K.DOUBLE, "Wall seconds of the batch that built it.", "Segundos de relógio do lote que a construiu.", required=True),
        C(12, "built_at", K.TIME, "When it was built (UTC).", "Quando foi construída (UTC).", required=True),
        C(13, "version", K.TEXT, "telelake's version.", "Versão do telelake.", required=True),
    ),
)  # fmt: skip
