"""Columns that many tables share: where a row comes from."""

from telelake.tables.model import Column as C
from telelake.tables.model import Kind as K

SEEN = (
    C(1, "context_date", K.DAY, "Lake day.", "Dia do lago.", required=True),
    C(2, "bot_id", K.LONG, "Bot that saw it; of several, the first. 0 for an export.", "Bot que viu; entre vários, o primeiro. 0 para uma exportação.", required=True),
    C(3, "received_at", K.TIME, "When it was captured (UTC).", "Quando foi capturado (UTC).", required=True),
    C(4, "raw", K.TEXT, "record_id of its raw record.", "record_id do seu registro bruto.", required=True),
    C(5, "ordinal", K.LONG, "Place of the payload in its record: 0 unless the record holds several.", "Posição do conteúdo no registro: 0, a não ser que o registro tenha vários.", required=True),
)  # fmt: skip
"""The first columns of a table whose rows are events; (raw, ordinal) is one payload."""

ACCOUNT = "Whose numbering `message_id` follows: 0 in supergroups and channels (the chat's own), else the bot's or the exporting account's id."
CONTA = "De quem é a numeração de `message_id`: 0 em supergrupos e canais (do próprio chat), senão o id do bot ou da conta exportada."
