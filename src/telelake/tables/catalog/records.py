"""What came in, what could not be read, and what was built from it."""

from telelake.tables.model import Column as C
from telelake.tables.model import Days, Reads, Table
from telelake.tables.model import Kind as K
from telelake.tables.model import Personal as P

UPDATES = Table(
    name="updates",
    en="An update received, of any kind; the same update received again is not another.",
    pt="Um update recebido, de qualquer tipo; o mesmo update recebido de novo não é outro.",
    key=("raw",),
    sort=("chat_id", "occurred_at", "update_id"),
    reads=Reads(raw=Days(-1, 0)),
    columns=(
        C(1, "context_date", K.DAY, "Lake day of the update's own date, else of its receipt.", "Dia do lago da data do próprio update, senão do recebimento.", required=True),
        C(2, "bot_id", K.LONG, "Bot that received it; 0 for a message of an export.", "Bot que o recebeu; 0 para uma mensagem de exportação.", required=True),
        C(3, "update_id", K.LONG, "Telegram's number of the update; wraps and resets. Null for a message of an export.", "Número do update no Telegram; recomeça às vezes. Nulo para uma mensagem de exportação."),
        C(4, "kind", K.TEXT, "message, edited_message, callback_query, …, or export_message; null when the update has no payload.", "message, edited_message, callback_query, …, ou export_message; nulo quando o update não tem conteúdo."),
        C(5, "chat_id", K.LONG, "Chat it belongs to.", "Chat a que pertence.", ("Message.chat.id", "Event.chat.id", "Event.message.chat.id"), personal=P.ID),
        C(6, "user_id", K.LONG, "Person or bot who did it.", "Pessoa ou bot que o fez.", ("Message.from.id", "Event.from.id", "Event.user.id", "Event.boost.source.user.id", "Event.source.user.id"), personal=P.ID),
        C(7, "message_id", K.LONG, "Message it is or is about.", "Mensagem que é ou de que trata.", ("Message.message_id", "Event.message_id", "Event.message.message_id")),
        C(8, "occurred_at", K.TIME, "When it happened (UTC): the edit's time for an edit, else its own date; null for kinds without one.", "Quando aconteceu (UTC): o momento da edição, senão a própria data; nulo nos tipos sem data.", ("Message.date", "Message.edit_date", "Event.date", "Event.remove_date")),
        C(9, "received_at", K.TIME, "When it was captured (UTC).", "Quando foi capturado (UTC).", required=True),
        C(10, "delivery_lag_seconds", K.DOUBLE, "From happening to capture, seconds.", "Do acontecimento à captura, em segundos."),
        C(11, "source", K.TEXT, "How it came in: webhook, poll, proxy, import, sqs.", "Como chegou: webhook, poll, proxy, import, sqs.", required=True),
        C(12, "bytes", K.LONG, "Size of the body as JSON text, bytes.", "Tamanho do corpo em texto JSON, em bytes.", required=True),
        C(13, "raw", K.TEXT, "record_id of its raw record.", "record_id do seu registro bruto.", required=True),
        C(14, "deliveries", K.LONG, "Times it was received that day.", "Vezes em que foi recebido no dia.", required=True),
        C(15, "extra", K.TEXT, "JSON of what no column reads; the whole payload for kinds that have no table yet.", "JSON do que nenhuma coluna lê; o conteúdo inteiro nos tipos que ainda não têm tabela.", personal=P.JSON),
        C(16, "notes", K.TEXTS, "What was wrong in it, by path; each such value is null.", "O que havia de errado, por caminho; cada valor desses é nulo.", element_id=17),
    ),
)  # fmt: skip

CALLS = Table(
    name="calls",
    en="A request that a bot made to the Bot API through the recording proxy, or in its answer to the webhook, and what came of it.",
    pt="Um pedido que um bot fez à Bot API pelo proxy gravador, ou na resposta ao webhook, e o que resultou.",
    key=("raw",),
    sort=("method", "started_at"),
    columns=(
        C(1, "context_date", K.DAY, "Lake day of the message that it made or changed, else of the call.", "Dia do lago da mensagem que criou ou mudou, senão do próprio pedido.", required=True),
        C(2, "bot_id", K.LONG, "Bot that called.", "Bot que fez o pedido.", required=True),
        C(3, "method", K.TEXT, "Method as the bot wrote it, such as sendMessage; `file` for a download.", "Método como o bot escreveu, como sendMessage; `file` para um download.", required=True),
        C(4, "started_at", K.TIME, "When the call came (UTC).", "Quando o pedido chegou (UTC)."),
        C(5, "seconds", K.DOUBLE, "From the call to the end of Telegram's answer, seconds; null without an answer.", "Do pedido ao fim da resposta do Telegram, em segundos; nulo sem resposta."),
        C(6, "http_status", K.LONG, "HTTP status of the answer; null without one.", "Status HTTP da resposta; nulo sem resposta."),
        C(7, "ok", K.BOOL, "Whether Telegram did it; null without an answer.", "Se o Telegram atendeu; nulo sem resposta."),
        C(8, "error_code", K.LONG, "Telegram's error code.", "Código de erro do Telegram."),
        C(9, "description", K.TEXT, "Telegram's description of the error.", "Descrição do erro pelo Telegram.", personal=P.TEXT),
        C(10, "retry_after_seconds", K.LONG, "Seconds that Telegram asked to wait (flood control).", "Segundos que o Telegram pediu para esperar (controle de inundação)."),
        C(11, "chat_id", K.LONG, "Chat of the message that it made or changed, else the number it named as chat_id.", "Chat da mensagem que criou ou mudou, senão o número dado em chat_id.", personal=P.ID),
        C(12, "message_id", K.LONG, "Message that it made or changed, else the one that it named; the first of several.", "Mensagem que criou ou mudou, senão a que indicou; a primeira de várias."),
        C(13, "messages", K.LONG, "Messages in the answer; they are in table messages, with direction `out`.", "Mensagens na resposta; estão na tabela messages, com direction `out`.", required=True),
        C(14, "request", K.TEXT, "JSON of its fields, secrets taken out; an uploaded file is its name, type and size.", "JSON dos seus campos, sem segredos; um arquivo enviado é seu nome, tipo e tamanho.", personal=P.JSON),
        C(15, "result", K.TEXT, "JSON of the answer's result when it holds no message.", "JSON do resultado quando não contém mensagem.", personal=P.JSON),
        C(16, "source", K.TEXT, "How it was seen: proxy, or webhook for a call in the bot's answer.", "Como foi visto: proxy, ou webhook para um pedido na resposta do bot.", required=True),
        C(17, "bytes", K.LONG, "Size of the record, bytes.", "Tamanho do registro, em bytes.", required=True),
        C(18, "received_at", K.TIME, "When it was captured (UTC).", "Quando foi capturado (UTC).", required=True),
        C(19, "raw", K.TEXT, "record_id of its raw record.", "record_id do seu registro bruto.", required=True),
        C(20, "notes", K.TEXTS, "What was wrong in it, by path; each such value is null.", "O que havia de errado, por caminho; cada valor desses é nulo.", element_id=21),
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
    en="A build of one table's day: what it was made from, and the day's books (raw = rows of updates and calls + duplicates + quarantined).",
    pt="A construção de um dia de uma tabela: de que foi feita, e as contas do dia (bruto = linhas de updates e calls + duplicatas + quarentena).",
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
