"""Who and what was there on a day, and the views that follow a person or a chat through all days."""

from telelake.tables.model import Column as C
from telelake.tables.model import Kind as K
from telelake.tables.model import Personal as P
from telelake.tables.model import Table, View

USER_DAYS = Table(
    name="user_days",
    en="A person or bot seen on a day: attributes as last seen that day, and counts.",
    pt="Uma pessoa ou bot visto num dia: atributos como vistos por último nesse dia, e contagens.",
    key=("context_date", "user_id"),
    sort=("user_id",),
    columns=(
        C(1, "context_date", K.DAY, "Lake day.", "Dia do lago.", required=True),
        C(2, "user_id", K.LONG, "Telegram's id of the person or bot.", "Id da pessoa ou bot no Telegram.", ("Message.from.id", "Event.from.id", "Event.user.id"), required=True, personal=P.ID),
        C(3, "first_name", K.TEXT, "First name.", "Nome.", ("Message.from.first_name", "Event.from.first_name", "Event.user.first_name"), personal=P.NAME),
        C(4, "last_name", K.TEXT, "Last name.", "Sobrenome.", ("Message.from.last_name", "Event.from.last_name", "Event.user.last_name"), personal=P.NAME),
        C(5, "username", K.TEXT, "Username without @.", "Nome de usuário sem @.", ("Message.from.username", "Event.from.username", "Event.user.username"), personal=P.NAME),
        C(6, "language_code", K.TEXT, "Language of the person's app.", "Idioma do aplicativo da pessoa.", ("Message.from.language_code", "Event.from.language_code", "Event.user.language_code")),
        C(7, "is_bot", K.BOOL, "Whether it is a bot.", "Se é um bot.", ("Message.from.is_bot", "Event.from.is_bot", "Event.user.is_bot")),
        C(8, "is_premium", K.BOOL, "Whether the person has Telegram Premium.", "Se a pessoa tem Telegram Premium.", ("Message.from.is_premium", "Event.from.is_premium", "Event.user.is_premium")),
        C(9, "first_seen_at", K.TIME, "First time seen that day (UTC).", "Primeira vez visto no dia (UTC).", required=True),
        C(10, "last_seen_at", K.TIME, "Last time seen that day (UTC).", "Última vez visto no dia (UTC).", required=True),
        C(11, "updates", K.LONG, "Updates of any kind.", "Updates de todo tipo.", required=True),
        C(12, "messages", K.LONG, "Messages sent, service messages not counted.", "Mensagens enviadas, sem contar as de serviço.", required=True),
        C(13, "characters", K.LONG, "Characters of their texts and captions.", "Caracteres de seus textos e legendas.", required=True),
        C(14, "chats", K.LONG, "Different chats.", "Chats diferentes.", required=True),
    ),
)  # fmt: skip

CHAT_DAYS = Table(
    name="chat_days",
    en="A chat seen on a day: attributes as last seen that day, and counts.",
    pt="Um chat visto num dia: atributos como vistos por último nesse dia, e contagens.",
    key=("context_date", "chat_id"),
    sort=("chat_id",),
    columns=(
        C(1, "context_date", K.DAY, "Lake day.", "Dia do lago.", required=True),
        C(2, "chat_id", K.LONG, "Telegram's id of the chat.", "Id do chat no Telegram.", ("Message.chat.id", "Event.chat.id", "Event.message.chat.id"), required=True, personal=P.ID),
        C(3, "type", K.TEXT, "private, group, supergroup or channel.", "private, group, supergroup ou channel.", ("Message.chat.type", "Event.chat.type", "Event.message.chat.type")),
        C(4, "title", K.TEXT, "Title of a group or channel; name of the person in a private chat.", "Título do grupo ou canal; nome da pessoa num chat privado.", ("Message.chat.title", "Message.chat.first_name", "Message.chat.last_name", "Event.chat.title", "Event.chat.first_name", "Event.chat.last_name", "Event.message.chat.title", "Event.message.chat.first_name", "Event.message.chat.last_name"), personal=P.CHAT_NAME),
        C(5, "username", K.TEXT, "Public username without @.", "Nome público sem @.", ("Message.chat.username", "Event.chat.username", "Event.message.chat.username"), personal=P.CHAT_NAME),
        C(6, "is_forum", K.BOOL, "Whether it has topics.", "Se tem tópicos.", ("Message.chat.is_forum", "Event.chat.is_forum", "Event.message.chat.is_forum")),
        C(7, "migrated_to_chat_id", K.LONG, "Supergroup that it became that day.", "Supergrupo em que se transformou nesse dia."),
        C(8, "migrated_from_chat_id", K.LONG, "Basic group that it was before that day.", "Grupo que era antes desse dia."),
        C(9, "first_seen_at", K.TIME, "First time seen that day (UTC).", "Primeira vez visto no dia (UTC).", required=True),
        C(10, "last_seen_at", K.TIME, "Last time seen that day (UTC).", "Última vez visto no dia (UTC).", required=True),
        C(11, "updates", K.LONG, "Updates of any kind.", "Updates de todo tipo.", required=True),
        C(12, "messages", K.LONG, "Messages, service messages not counted.", "Mensagens, sem contar as de serviço.", required=True),
        C(13, "people", K.LONG, "Different people who wrote, bots not counted.", "Pessoas diferentes que escreveram, sem contar bots.", required=True),
    ),
)  # fmt: skip

CHAT_HOURS = Table(
    name="chat_hours",
    en="A chat in an hour of the day, by the lake's local clock: how many messages and people. What a heat map needs, without a look at messages.",
    pt="Um chat numa hora do dia, pelo relógio local do lago: quantas mensagens e pessoas. O que um mapa de calor precisa, sem olhar as mensagens.",
    key=("context_date", "chat_id", "local_hour"),
    sort=("chat_id", "local_hour"),
    columns=(
        C(1, "context_date", K.DAY, "Lake day.", "Dia do lago.", required=True),
        C(2, "chat_id", K.LONG, "Chat.", "Chat.", ("Message.chat.id",), personal=P.ID),
        C(3, "local_hour", K.LONG, "Hour of the day, 0 to 23, in the lake's time zone; null for messages without a readable date.", "Hora do dia, 0 a 23, no fuso do lago; nula para mensagens sem data legível.", ("Message.date",)),
        C(4, "messages", K.LONG, "Messages, service messages not counted.", "Mensagens, sem contar as de serviço.", required=True),
        C(5, "people_messages", K.LONG, "Those of people, and of channels and anonymous admins.", "As de pessoas, e de canais e admins anônimos.", required=True),
        C(6, "bot_messages", K.LONG, "Those of bots, ours included.", "As de bots, inclusive os nossos.", required=True),
        C(7, "out_messages", K.LONG, "Those that our bots sent.", "As que nossos bots enviaram.", required=True),
        C(8, "people", K.LONG, "Different people who wrote, bots not counted.", "Pessoas diferentes que escreveram, sem contar bots.", required=True),
    ),
)  # fmt: skip

USERS = View(
    name="users",
    en="A person or bot: latest attributes, first and last seen, counts over all days.",
    pt="Uma pessoa ou bot: atributos mais recentes, primeira e última vez visto, contagens de todos os dias.",
    sql="""\
SELECT user_id,
       arg_max(first_name, last_seen_at) AS first_name,
       -- Of the same day as the first name, null or not: an export has both names in one.
       nullif(arg_max(coalesce(last_name, ''), last_seen_at), '') AS last_name,
       arg_max(username, last_seen_at) AS username,
       arg_max(language_code, last_seen_at) AS language_code,
       arg_max(is_bot, last_seen_at) AS is_bot,
       arg_max(is_premium, last_seen_at) AS is_premium,
       min(first_seen_at) AS first_seen_at,
       max(last_seen_at) AS last_seen_at,
       count(*) AS days,
       CAST(sum(updates) AS BIGINT) AS updates,
       CAST(sum(messages) AS BIGINT) AS messages,
       CAST(sum(characters) AS BIGINT) AS characters
FROM user_days
GROUP BY user_id""",
)

CHATS = View(
    name="chats",
    en="A chat: latest attributes, first and last seen; `continuing_chat_id` is the supergroup that a basic group became, else its own id.",
    pt="Um chat: atributos mais recentes, primeira e última vez visto; `continuing_chat_id` é o supergrupo em que o grupo se transformou, senão o próprio id.",
    sql="""\
WITH seen AS (
    SELECT chat_id,
           arg_max(type, last_seen_at) AS type,
           arg_max(title, last_seen_at) AS title,
           arg_max(username, last_seen_at) AS username,
           arg_max(is_forum, last_seen_at) AS is_forum,
           max(migrated_to_chat_id) AS migrated_to_chat_id,
           max(migrated_from_chat_id) AS migrated_from_chat_id,
           min(first_seen_at) AS first_seen_at,
           max(last_seen_at) AS last_seen_at,
           count(*) AS days,
           CAST(sum(updates) AS BIGINT) AS updates,
           CAST(sum(messages) AS BIGINT) AS messages
    FROM chat_days
    GROUP BY chat_id
), became AS (
    SELECT migrated_from_chat_id AS chat_id, max(chat_id) AS became_chat_id
    FROM seen
    WHERE migrated_from_chat_id IS NOT NULL
    GROUP BY migrated_from_chat_id
)
SELECT seen.chat_id,
       coalesce(seen.migrated_to_chat_id, became.became_chat_id, seen.chat_id) AS continuing_chat_id,
       seen.* EXCLUDE (chat_id)
FROM seen
LEFT JOIN became ON became.chat_id = seen.chat_id""",
)
