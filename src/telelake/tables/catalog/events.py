"""What people do beside writing: reactions, presses of buttons, inline use."""

from telelake.tables.catalog.common import ACCOUNT, CONTA, SEEN
from telelake.tables.model import Column as C
from telelake.tables.model import Kind as K
from telelake.tables.model import Personal as P
from telelake.tables.model import Table

_REACTION = "an emoji, `custom:` and the id of a custom emoji, or `paid`"
_REACAO = "um emoji, `custom:` e o id de um emoji personalizado, ou `paid`"

REACTIONS = Table(
    name="reactions",
    en="A change of someone's reactions to a message: set, replaced or removed.",
    pt="Uma mudança nas reações de alguém a uma mensagem: posta, trocada ou retirada.",
    key=("raw", "ordinal"),
    sort=("chat_id", "occurred_at", "message_id"),
    needs=("message_reaction",),
    columns=(
        *SEEN,
        C(6, "account_id", K.LONG, ACCOUNT, CONTA, required=True, personal=P.ID),
        C(7, "chat_id", K.LONG, "Chat of the message.", "Chat da mensagem.", ("Event.chat.id",), personal=P.ID),
        C(8, "message_id", K.LONG, "Message reacted to.", "Mensagem que recebeu a reação.", ("Event.message_id",)),
        C(9, "user_id", K.LONG, "Person who reacted; null when it was done in the name of a chat.", "Pessoa que reagiu; nulo quando foi em nome de um chat.", ("Event.user.id",), personal=P.ID),
        C(10, "actor_chat_id", K.LONG, "Chat in whose name it was done (channel, anonymous admin).", "Chat em nome do qual se reagiu (canal, admin anônimo).", ("Event.actor_chat.id",), personal=P.ID),
        C(11, "occurred_at", K.TIME, "When it changed (UTC).", "Quando mudou (UTC).", ("Event.date",)),
        C(12, "old_reactions", K.TEXTS, f"Reactions before, each {_REACTION}.", f"Reações de antes, cada uma {_REACAO}.", ("Event.old_reaction.type", "Event.old_reaction.emoji", "Event.old_reaction.custom_emoji_id"), element_id=16),
        C(13, "new_reactions", K.TEXTS, "Reactions after; empty when all were removed.", "Reações de depois; vazio quando todas foram retiradas.", ("Event.new_reaction.type", "Event.new_reaction.emoji", "Event.new_reaction.custom_emoji_id"), element_id=17),
        C(14, "added", K.TEXTS, "Those that are new.", "As que são novas.", element_id=18),
        C(15, "removed", K.TEXTS, "Those that are gone.", "As que foram retiradas.", element_id=19),
    ),
)  # fmt: skip

REACTION_COUNTS = Table(
    name="reaction_counts",
    en="How many times a message had a reaction at a moment, where reactions are anonymous.",
    pt="Quantas vezes uma mensagem tinha uma reação num momento, onde as reações são anônimas.",
    key=("raw", "ordinal", "position"),
    sort=("chat_id", "occurred_at", "message_id", "position"),
    needs=("message_reaction_count",),
    columns=(
        *SEEN,
        C(6, "account_id", K.LONG, ACCOUNT, CONTA, required=True, personal=P.ID),
        C(7, "chat_id", K.LONG, "Chat of the message.", "Chat da mensagem.", ("Event.chat.id",), personal=P.ID),
        C(8, "message_id", K.LONG, "Message reacted to.", "Mensagem que recebeu reações.", ("Event.message_id",)),
        C(9, "occurred_at", K.TIME, "When the counts changed (UTC).", "Quando as contagens mudaram (UTC).", ("Event.date",)),
        C(10, "position", K.LONG, "Place in Telegram's list, from 1; 0 in the only row of a message that has no reaction any more.", "Posição na lista do Telegram, a partir de 1; 0 na única linha de uma mensagem que já não tem reações.", required=True),
        C(11, "reaction", K.TEXT, f"Which: {_REACTION}.", f"Qual: {_REACAO}.", ("Event.reactions.type.type", "Event.reactions.type.emoji", "Event.reactions.type.custom_emoji_id")),
        C(12, "total", K.LONG, "How many times, at that moment.", "Quantas vezes, nesse momento.", ("Event.reactions.total_count",)),
        C(13, "is_latest", K.BOOL, "Whether it is of the day's last counts for the message.", "Se é da última contagem do dia para a mensagem.", required=True),
    ),
)  # fmt: skip

CALLBACKS = Table(
    name="callbacks",
    en="A press of an inline button of one of our bots.",
    pt="Um toque num botão inline de um de nossos bots.",
    key=("raw", "ordinal"),
    sort=("chat_id", "received_at"),
    needs=("callback_query",),
    columns=(
        *SEEN,
        C(6, "callback_id", K.TEXT, "Telegram's id of the press.", "Id do toque no Telegram.", ("Event.id",), personal=P.CODE),
        C(7, "user_id", K.LONG, "Person who pressed.", "Pessoa que tocou.", ("Event.from.id",), personal=P.ID),
        C(8, "account_id", K.LONG, ACCOUNT, CONTA, required=True, personal=P.ID),
        C(9, "chat_id", K.LONG, "Chat of the message with the button; null for one sent inline.", "Chat da mensagem com o botão; nulo para uma enviada inline.", ("Event.message.chat.id",), personal=P.ID),
        C(10, "message_id", K.LONG, "Message with the button.", "Mensagem com o botão.", ("Event.message.message_id",)),
        C(11, "thread_id", K.LONG, "Topic or thread of that message.", "Tópico ou fio dessa mensagem.", ("Event.message.message_thread_id",)),
        C(12, "message_sent_at", K.TIME, "When that message was sent (UTC); null when it is too old.", "Quando essa mensagem foi enviada (UTC); nulo quando é antiga demais.", ("Event.message.date",)),
        C(13, "message_text", K.TEXT, "Text or caption of that message.", "Texto ou legenda dessa mensagem.", ("Event.message.text", "Event.message.caption"), personal=P.NAME),
        C(14, "inline_message_id", K.TEXT, "Message with the button, when it was sent inline.", "Mensagem com o botão, quando foi enviada inline.", ("Event.inline_message_id",), personal=P.CODE),
        C(15, "chat_instance", K.TEXT, "Telegram's word for the chat, the same for all presses in it.", "Palavra do Telegram para o chat, igual em todos os toques nele.", ("Event.chat_instance",)),
        C(16, "data", K.TEXT, "Data of the button.", "Dados do botão.", ("Event.data",), personal=P.TEXT),
        C(17, "game", K.TEXT, "Short name of the game to be started.", "Nome curto do jogo a iniciar.", ("Event.game_short_name",)),
    ),
)  # fmt: skip

INLINE_QUERIES = Table(
    name="inline_queries",
    en="What someone typed after the name of one of our bots, to choose from its results.",
    pt="O que alguém digitou depois do nome de um de nossos bots, para escolher entre os resultados.",
    key=("raw", "ordinal"),
    sort=("received_at",),
    needs=("inline_query",),
    columns=(
        *SEEN,
        C(6, "query_id", K.TEXT, "Telegram's id of the query.", "Id da consulta no Telegram.", ("Event.id",), personal=P.CODE),
        C(7, "user_id", K.LONG, "Person who typed.", "Pessoa que digitou.", ("Event.from.id",), personal=P.ID),
        C(8, "query", K.TEXT, "What was typed.", "O que foi digitado.", ("Event.query",), personal=P.TEXT),
        C(9, "page", K.TEXT, "Offset of the results asked for, as the bot gave it; empty for the first.", "Posição dos resultados pedidos, como o bot a deu; vazia nos primeiros.", ("Event.offset",)),
        C(10, "chat_type", K.TEXT, "Where it was typed: sender (chat with the bot), private, group, supergroup or channel.", "Onde foi digitado: sender (chat com o bot), private, group, supergroup ou channel.", ("Event.chat_type",)),
        C(11, "latitude", K.DOUBLE, "Latitude of the person, degrees, when the bot asks for it.", "Latitude da pessoa, em graus, quando o bot a pede.", ("Event.location.latitude",), personal=P.PLACE),
        C(12, "longitude", K.DOUBLE, "Longitude of the person, degrees.", "Longitude da pessoa, em graus.", ("Event.location.longitude",), personal=P.PLACE),
    ),
)  # fmt: skip

CHOSEN_RESULTS = Table(
    name="chosen_results",
    en="An inline result that someone chose and sent.",
    pt="Um resultado inline que alguém escolheu e enviou.",
    key=("raw", "ordinal"),
    sort=("received_at",),
    needs=("chosen_inline_result",),
    columns=(
        *SEEN,
        C(6, "result_id", K.TEXT, "The bot's id of the result.", "Id que o bot deu ao resultado.", ("Event.result_id",)),
        C(7, "user_id", K.LONG, "Person who chose.", "Pessoa que escolheu.", ("Event.from.id",), personal=P.ID),
        C(8, "query", K.TEXT, "What was typed to get it.", "O que foi digitado para obtê-lo.", ("Event.query",), personal=P.TEXT),
        C(9, "inline_message_id", K.TEXT, "Message sent, when it has an inline keyboard.", "Mensagem enviada, quando tem teclado inline.", ("Event.inline_message_id",), personal=P.CODE),
        C(10, "latitude", K.DOUBLE, "Latitude of the person, degrees.", "Latitude da pessoa, em graus.", ("Event.location.latitude",), personal=P.PLACE),
        C(11, "longitude", K.DOUBLE, "Longitude of the person, degrees.", "Longitude da pessoa, em graus.", ("Event.location.longitude",), personal=P.PLACE),
    ),
)  # fmt: skip
