"""What Telegram sent and the Bot API that telelake knows does not: see docs/drift.md."""

from telelake.tables.model import Column as C
from telelake.tables.model import Days, Reads, Table
from telelake.tables.model import Kind as K

DRIFT = Table(
    name="drift",
    en="Something in a day's updates that the Bot API, as telelake knows it, does not have. Names only, never what a person wrote.",
    pt="Algo nos updates de um dia que a Bot API, como o telelake a conhece, não tem. Só nomes, nunca o que alguém escreveu.",
    key=("bot_id", "what", "path", "value"),
    sort=("bot_id", "what", "path"),
    reads=Reads(raw=Days(-1, 0)),
    columns=(
        C(1, "context_date", K.DAY, "Lake day of the updates.", "Dia do lago dos updates.", required=True),
        C(2, "bot_id", K.LONG, "Bot that received them.", "Bot que os recebeu.", required=True),
        C(3, "what", K.TEXT, "kind (of update), field, tag (a value beyond a fixed set) or type (JSON of another type).", "kind (tipo de update), field (campo), tag (valor fora de um conjunto fixo) ou type (JSON de outro tipo).", required=True),
        C(4, "path", K.TEXT, "The kind, or the Bot API's type and field, such as Message.mood; ? for what is no name.", "O tipo de update, ou o tipo e campo da Bot API, como Message.mood; ? para o que não é um nome.", required=True),
        C(5, "value", K.TEXT, "Of a tag the value; of a type the JSON type found; else empty.", "De um tag, o valor; de um type, o tipo JSON encontrado; senão vazio.", required=True),
        C(6, "updates", K.LONG, "Updates in which it was.", "Updates em que estava.", required=True),
        C(7, "example_raw", K.TEXT, "record_id of the raw record of one of them.", "record_id do registro bruto de um deles.", required=True),
    ),
)  # fmt: skip
