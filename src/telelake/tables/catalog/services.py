"""What a chat says of itself: topics, and every other service message; business accounts."""

from telelake.tables.catalog.common import ACCOUNT, CONTA, SEEN
from telelake.tables.model import SERVICE, TOPIC, Table, View
from telelake.tables.model import Column as C
from telelake.tables.model import Kind as K
from telelake.tables.model import Personal as P
from telelake.telegram.update import botapi

ELSEWHERE = frozenset(
    {
        "new_chat_members", "left_chat_member", "successful_payment", "refunded_payment", "boost_added",
        "forum_topic_created", "forum_topic_edited", "forum_topic_closed", "forum_topic_reopened",
        "general_forum_topic_hidden", "general_forum_topic_unhidden", "gift", "unique_gift", "gift_upgrade_sent",
        "giveaway_created", "giveaway_winners", "giveaway_completed",
    }
)  # fmt: skip
"""Kinds of service messages that have a table of their own."""
_OTHERS = tuple(kind for kind in botapi()["message_service_fields"] if kind not in ELSEWHERE)
_TOPICS = (
    "forum_topic_created", "forum_topic_edited", "forum_topic_closed", "forum_topic_reopened",
    "general_forum_topic_hidden", "general_forum_topic_unhidden",
)  # fmt: skip

SERVICE_EVENTS = Table(
    name="service_events",
    en="A service message that has no table of its own: a new title, a pinned message, a video chat, …",
    pt="Uma mensagem de serviço que não tem tabela própria: novo título, mensagem fixada, chamada de vídeo, …",
    key=("raw", "ordinal"),
    sort=("chat_id", "sent_at"),
    needs=(SERVICE,),
    columns=(
        *SEEN,
        C(6, "account_id", K.LONG, ACCOUNT, CONTA, required=True, personal=P.ID),
        C(7, "chat_id", K.LONG, "Chat.", "Chat.", ("Message.chat.id",), personal=P.ID),
        C(8, "message_id", K.LONG, "The service message.", "A mensagem de serviço.", ("Message.message_id",)),
        C(9, "thread_id", K.LONG, "Topic or thread.", "Tópico ou fio.", ("Message.message_thread_id",)),
        C(10, "user_id", K.LONG, "Who did it.", "Quem o fez.", ("Message.from.id",), personal=P.ID),
        C(11, "sent_at", K.TIME, "When (UTC).", "Quando (UTC).", ("Message.date",)),
        C(12, "kind", K.TEXT, "new_chat_title, pinned_message, video_chat_ended, …; the Bot API's field name, or an export's action.", "new_chat_title, pinned_message, video_chat_ended, …; o nome do campo na Bot API, ou a ação de uma exportação.", required=True),
        C(13, "title", K.TEXT, "New title of the chat.", "Novo título do chat.", ("Message.new_chat_title",), personal=P.CHAT_NAME),
        C(14, "target_message_id", K.LONG, "Message that it is about: the pinned one, or that with the poll, checklist or suggested post.", "Mensagem de que trata: a fixada, ou a que tem a enquete, a lista de tarefas ou o post sugerido.", ("Message.pinned_message.message_id", "Message.poll_option_added.poll_message.message_id", "Message.poll_option_deleted.poll_message.message_id", "Message.checklist_tasks_done.checklist_message.message_id", "Message.checklist_tasks_added.checklist_message.message_id", "Message.suggested_post_approved.suggested_post_message.message_id", "Message.suggested_post_paid.suggested_post_message.message_id", "Message.suggested_post_refunded.suggested_post_message.message_id", "Message.suggested_post_declined.suggested_post_message.message_id", "Message.suggested_post_approval_failed.suggested_post_message.message_id")),
        C(15, "target_user_id", K.LONG, "Person or bot that it is about: the new owner, the managed bot, the one come near.", "Pessoa ou bot de que trata: o novo dono, o bot gerenciado, quem se aproximou.", ("Message.chat_owner_left.new_owner.id", "Message.chat_owner_changed.new_owner.id", "Message.managed_bot_created.bot.id", "Message.proximity_alert_triggered.watcher.id"), personal=P.ID),
        C(16, "seconds", K.LONG, "Length of a video chat, or time after which messages vanish, seconds.", "Duração de uma chamada de vídeo, ou tempo até as mensagens sumirem, em segundos.", ("Message.video_chat_ended.duration", "Message.message_auto_delete_timer_changed.message_auto_delete_time")),
        C(17, "stars", K.LONG, "Price of a message, stars.", "Preço de uma mensagem, em estrelas.", ("Message.paid_message_price_changed.paid_message_star_count", "Message.direct_message_price_changed.direct_message_star_count")),
        C(18, "detail", K.TEXT, "JSON of all that Telegram says of it.", "JSON de tudo o que o Telegram diz dela.", tuple(f"Message.{kind}.*" for kind in _OTHERS), personal=P.JSON),
    ),
)  # fmt: skip

TOPIC_EVENTS = Table(
    name="topic_events",
    en="A change of a forum topic: created, renamed, closed, reopened, hidden; or `seen`, once a day, with the name that its messages carry.",
    pt="Uma mudança de um tópico de fórum: criado, renomeado, fechado, reaberto, ocultado; ou `seen`, uma vez por dia, com o nome que suas mensagens trazem.",
    key=("raw", "ordinal"),
    sort=("chat_id", "thread_id", "sent_at"),
    needs=(*_TOPICS, TOPIC),
    columns=(
        *SEEN,
        C(6, "chat_id", K.LONG, "Forum.", "Fórum.", ("Message.chat.id",), personal=P.ID),
        C(7, "thread_id", K.LONG, "Topic; null for the general one.", "Tópico; nulo para o geral.", ("Message.message_thread_id",)),
        C(8, "message_id", K.LONG, "Service message; of `seen`, the day's first that was seen.", "Mensagem de serviço; em `seen`, a primeira vista no dia.", ("Message.message_id",)),
        C(9, "user_id", K.LONG, "Who did it.", "Quem o fez.", ("Message.from.id",), personal=P.ID),
        C(10, "sent_at", K.TIME, "When (UTC).", "Quando (UTC).", ("Message.date",)),
        C(11, "kind", K.TEXT, "forum_topic_created, forum_topic_edited, forum_topic_closed, forum_topic_reopened, general_forum_topic_hidden, general_forum_topic_unhidden or seen.", "forum_topic_created, forum_topic_edited, forum_topic_closed, forum_topic_reopened, general_forum_topic_hidden, general_forum_topic_unhidden ou seen.", required=True),
        C(12, "name", K.TEXT, "Name of the topic as given or carried there; null when it did not change. A carried name is the first one.", "Nome do tópico como dado ou trazido ali; nulo quando não mudou. O nome trazido é o primeiro que o tópico teve.", ("Message.forum_topic_created.name", "Message.forum_topic_edited.name", "Message.reply_to_message.forum_topic_created.name"), personal=P.TEXT),
        C(13, "icon_color", K.LONG, "Colour of its icon, RGB as a number.", "Cor do ícone, RGB como número.", ("Message.forum_topic_created.icon_color",)),
        C(14, "icon_emoji_id", K.TEXT, "Custom emoji of its icon.", "Emoji personalizado do ícone.", ("Message.forum_topic_created.icon_custom_emoji_id", "Message.forum_topic_edited.icon_custom_emoji_id")),
        C(15, "detail", K.TEXT, "JSON of all that Telegram says of it.", "JSON de tudo o que o Telegram diz dela.", tuple(f"Message.{kind}.*" for kind in _TOPICS), personal=P.JSON),
    ),
)  # fmt: skip

BUSINESS_CONNECTIONS = Table(
    name="business_connections",
    en="A business account connected to one of our bots, changed, or disconnected.",
    pt="Uma conta comercial conectada a um de nossos bots, alterada, ou desconectada.",
    key=("raw", "ordinal"),
    sort=("business_connection_id", "occurred_at"),
    needs=("business_connection",),
    columns=(
        *SEEN,
        C(6, "business_connection_id", K.TEXT, "The connection.", "A conexão.", ("Event.id",)),
        C(7, "user_id", K.LONG, "Person whose account it is.", "Pessoa dona da conta.", ("Event.user.id",), personal=P.ID),
        C(8, "user_chat_id", K.LONG, "Private chat of the bot with that person.", "Chat privado do bot com essa pessoa.", ("Event.user_chat_id",), personal=P.ID),
        C(9, "occurred_at", K.TIME, "When the connection was made (UTC).", "Quando a conexão foi feita (UTC).", ("Event.date",)),
        C(10, "is_enabled", K.BOOL, "Whether it is active.", "Se está ativa.", ("Event.is_enabled",)),
        C(11, "rights", K.TEXT, "JSON of the rights that the bot has.", "JSON dos direitos que o bot tem.", ("Event.rights.*",)),
    ),
)  # fmt: skip

DELETED_MESSAGES = Table(
    name="deleted_messages",
    en="A message that was deleted from a connected business account. Of other chats Telegram tells bots nothing.",
    pt="Uma mensagem apagada de uma conta comercial conectada. De outros chats o Telegram não conta aos bots.",
    key=("raw", "ordinal", "position"),
    sort=("chat_id", "message_id"),
    needs=("deleted_business_messages",),
    columns=(
        *SEEN,
        C(6, "position", K.LONG, "Place in Telegram's list, from 1.", "Posição na lista do Telegram, a partir de 1.", required=True),
        C(7, "business_connection_id", K.TEXT, "Business connection whose account numbers the message.", "Conexão comercial cuja conta numera a mensagem.", ("Event.business_connection_id",)),
        C(8, "chat_id", K.LONG, "Chat it was deleted from.", "Chat de onde foi apagada.", ("Event.chat.id",), personal=P.ID),
        C(9, "message_id", K.LONG, "Number of the message.", "Número da mensagem.", ("Event.message_ids",)),
    ),
)  # fmt: skip

TOPICS = View(
    name="topics",
    en="A forum topic: latest known name, whether it is closed, first and last time anything was told of it.",
    pt="Um tópico de fórum: último nome conhecido, se está fechado, primeira e última vez que algo foi contado dele.",
    sql="""\
WITH told AS (
    SELECT chat_id,
           thread_id,
           -- What messages carry is the first name, so it counts only where nothing else is known.
           arg_max(name, CASE WHEN kind <> 'seen' AND name IS NOT NULL THEN sent_at END) AS given_name,
           min(CASE WHEN kind = 'seen' THEN name END) AS carried_name,
           arg_max(kind, CASE WHEN kind IN ('forum_topic_closed', 'forum_topic_reopened', 'forum_topic_created') THEN sent_at END) AS latest_kind,
           min(sent_at) AS first_seen_at,
           max(sent_at) AS last_seen_at
    FROM topic_events
    WHERE thread_id IS NOT NULL
    GROUP BY chat_id, thread_id
)
SELECT chat_id,
       thread_id,
       coalesce(given_name, carried_name) AS name,
       coalesce(latest_kind = 'forum_topic_closed', false) AS is_closed,
       first_seen_at,
       last_seen_at
FROM told""",
)
