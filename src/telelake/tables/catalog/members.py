"""Who belongs to a chat and with which rights; who asks to; who boosts it."""

from telelake.tables.catalog.common import SEEN
from telelake.tables.model import Column as C
from telelake.tables.model import Kind as K
from telelake.tables.model import Personal as P
from telelake.tables.model import Table
from telelake.telegram.update import botapi


def _rights(field: str) -> tuple[str, ...]:
    types = botapi()["types"]
    members = (types[each]["fields"] for each in types["ChatMember"]["one_of"])
    names = dict.fromkeys(name for fields in members for name, *_ in fields if name.startswith("can_"))
    return tuple(f"Event.{field}.{name}" for name in names)


def _either(*ends: str) -> tuple[str, ...]:
    return tuple(f"Event.{field}.{end}" for field in ("old_chat_member", "new_chat_member") for end in ends)


MEMBERSHIPS = Table(
    name="memberships",
    en="A change of someone's place in a chat: joined, left, promoted, restricted, banned, …, with who did it. What the service message and the update say of the same join or leave is one row.",
    pt="Uma mudança do lugar de alguém num chat: entrou, saiu, foi promovido, restrito, banido, …, com quem o fez. O que a mensagem de serviço e o update dizem da mesma entrada ou saída é uma linha só.",
    key=("raw", "ordinal", "position"),
    sort=("chat_id", "occurred_at", "user_id"),
    needs=("chat_member", "my_chat_member", "new_chat_members", "left_chat_member"),
    columns=(
        *SEEN,
        C(6, "position", K.LONG, "Place among the people of one service message, from 1; 1 for an update.", "Posição entre as pessoas de uma mensagem de serviço, a partir de 1; 1 para um update.", required=True),
        C(7, "seen_in", K.TEXT, "Where it was read: chat_member, my_chat_member, or the kind of the service message.", "Onde foi lido: chat_member, my_chat_member, ou o tipo da mensagem de serviço.", required=True),
        C(8, "chat_id", K.LONG, "Chat.", "Chat.", ("Event.chat.id",), personal=P.ID),
        C(9, "chat_type", K.TEXT, "private, group, supergroup or channel; in a private chat, `banned` means that the person blocked the bot.", "private, group, supergroup ou channel; num chat privado, `banned` significa que a pessoa bloqueou o bot.", ("Event.chat.type",)),
        C(10, "message_id", K.LONG, "Service message that says it, if one was seen.", "Mensagem de serviço que o diz, se alguma foi vista."),
        C(11, "user_id", K.LONG, "Person or bot whose place changed; null where an export gives only the name.", "Pessoa ou bot cujo lugar mudou; nulo onde uma exportação só dá o nome.", (*_either("user.id"), "Message.new_chat_members.id", "Message.left_chat_member.id"), personal=P.ID),
        C(12, "user_name", K.TEXT, "First and last name of that person, as seen.", "Nome e sobrenome dessa pessoa, como vistos.", (*_either("user.first_name", "user.last_name"), "Message.new_chat_members.first_name", "Message.new_chat_members.last_name", "Message.left_chat_member.first_name", "Message.left_chat_member.last_name"), personal=P.NAME),
        C(13, "username", K.TEXT, "Username of that person, without @.", "Nome de usuário dessa pessoa, sem @.", (*_either("user.username"), "Message.new_chat_members.username", "Message.left_chat_member.username"), personal=P.NAME),
        C(14, "is_bot", K.BOOL, "Whether it is a bot.", "Se é um bot.", (*_either("user.is_bot"), "Message.new_chat_members.is_bot", "Message.left_chat_member.is_bot")),
        C(15, "actor_id", K.LONG, "Who did it: the person, or the admin who added, approved, removed, promoted, …", "Quem o fez: a própria pessoa, ou o admin que adicionou, aprovou, removeu, promoveu, …", ("Event.from.id",), personal=P.ID),
        C(16, "occurred_at", K.TIME, "When it changed (UTC).", "Quando mudou (UTC).", ("Event.date",)),
        C(17, "change", K.TEXT, "joined, left, removed, banned, unbanned, promoted, demoted, restricted, unrestricted; changed when only details did.", "joined (entrou), left (saiu), removed (removido), banned (banido), unbanned (desbanido), promoted (promovido), demoted (rebaixado), restricted (restrito), unrestricted (liberado); changed quando só mudaram detalhes.", required=True),
        C(18, "old_status", K.TEXT, "Status before: creator, administrator, member, restricted, left or kicked; null from a service message.", "Situação de antes: creator, administrator, member, restricted, left ou kicked; nula vinda de mensagem de serviço.", ("Event.old_chat_member.status",)),
        C(19, "new_status", K.TEXT, "Status after.", "Situação de depois.", ("Event.new_chat_member.status",)),
        C(20, "was_member", K.BOOL, "Whether the person was in the chat before.", "Se a pessoa estava no chat antes.", ("Event.old_chat_member.is_member",)),
        C(21, "is_member", K.BOOL, "Whether the person is in the chat after.", "Se a pessoa está no chat depois.", ("Event.new_chat_member.is_member",)),
        C(22, "old_rights", K.TEXTS, "Rights before, by Telegram's names (can_…); Telegram lists them for admins and restricted people only.", "Direitos de antes, pelos nomes do Telegram (can_…); o Telegram só os lista para admins e pessoas restritas.", _rights("old_chat_member"), element_id=33),
        C(23, "new_rights", K.TEXTS, "Rights after.", "Direitos de depois.", _rights("new_chat_member"), element_id=34),
        C(24, "until", K.TIME, "Until when a restriction, ban or paid membership lasts (UTC); null for ever.", "Até quando vale a restrição, o banimento ou a assinatura (UTC); nulo quando é para sempre.", ("Event.new_chat_member.until_date",)),
        C(25, "custom_title", K.TEXT, "Title of the admin after.", "Título do admin depois.", ("Event.new_chat_member.custom_title",), personal=P.NAME),
        C(26, "tag", K.TEXT, "Tag of the member after.", "Etiqueta do membro depois.", ("Event.new_chat_member.tag",), personal=P.NAME),
        C(27, "is_anonymous", K.BOOL, "Whether the admin is hidden after.", "Se o admin fica oculto depois.", ("Event.new_chat_member.is_anonymous",)),
        C(28, "invite_link", K.TEXT, "Link that was used, its end hidden by Telegram when another made it.", "Link usado, com o fim ocultado pelo Telegram quando outro o criou.", ("Event.invite_link.invite_link",), personal=P.CODE),
        C(29, "invite_link_name", K.TEXT, "Name of that link.", "Nome desse link.", ("Event.invite_link.name",), personal=P.TEXT),
        C(30, "invite_link_creator_id", K.LONG, "Who made that link.", "Quem criou esse link.", ("Event.invite_link.creator.id",), personal=P.ID),
        C(31, "via_join_request", K.BOOL, "Whether an admin let the person in after a request; `actor_id` is who.", "Se um admin aprovou o pedido de entrada; `actor_id` diz quem.", ("Event.via_join_request",)),
        C(32, "via_folder_link", K.BOOL, "Whether the person came by a link to a folder of chats.", "Se a pessoa veio por um link de pasta de chats.", ("Event.via_chat_folder_invite_link",)),
    ),
)  # fmt: skip

JOIN_REQUESTS = Table(
    name="join_requests",
    en="A request to join a chat.",
    pt="Um pedido de entrada num chat.",
    key=("raw", "ordinal"),
    sort=("chat_id", "occurred_at"),
    needs=("chat_join_request",),
    columns=(
        *SEEN,
        C(6, "chat_id", K.LONG, "Chat.", "Chat.", ("Event.chat.id",), personal=P.ID),
        C(7, "user_id", K.LONG, "Person who asks.", "Pessoa que pede.", ("Event.from.id",), personal=P.ID),
        C(8, "user_chat_id", K.LONG, "Private chat in which the bot may write to the person for a while.", "Chat privado em que o bot pode escrever à pessoa por algum tempo.", ("Event.user_chat_id",), personal=P.ID),
        C(9, "occurred_at", K.TIME, "When it was asked (UTC).", "Quando foi pedido (UTC).", ("Event.date",)),
        C(10, "bio", K.TEXT, "What the person says of herself in her profile.", "O que a pessoa diz de si no perfil.", ("Event.bio",), personal=P.TEXT),
        C(11, "invite_link", K.TEXT, "Link that was used.", "Link usado.", ("Event.invite_link.invite_link",), personal=P.CODE),
        C(12, "invite_link_name", K.TEXT, "Name of that link.", "Nome desse link.", ("Event.invite_link.name",), personal=P.TEXT),
        C(13, "invite_link_creator_id", K.LONG, "Who made that link.", "Quem criou esse link.", ("Event.invite_link.creator.id",), personal=P.ID),
        C(14, "query_id", K.TEXT, "Id by which the bot may answer the request.", "Id com que o bot pode responder ao pedido.", ("Event.query_id",), personal=P.CODE),
    ),
)  # fmt: skip

BOOSTS = Table(
    name="boosts",
    en="A boost of a chat: given or prolonged, taken away, or told by a service message.",
    pt="Um impulso dado a um chat: dado ou prolongado, retirado, ou contado por mensagem de serviço.",
    key=("raw", "ordinal"),
    sort=("chat_id", "occurred_at"),
    needs=("chat_boost", "removed_chat_boost", "boost_added"),
    columns=(
        *SEEN,
        C(6, "kind", K.TEXT, "chat_boost, removed_chat_boost, or boost_added (the service message).", "chat_boost, removed_chat_boost, ou boost_added (a mensagem de serviço).", required=True),
        C(7, "chat_id", K.LONG, "Chat boosted.", "Chat impulsionado.", ("Event.chat.id",), personal=P.ID),
        C(8, "boost_id", K.TEXT, "Telegram's id of the boost.", "Id do impulso no Telegram.", ("Event.boost.boost_id", "Event.boost_id")),
        C(9, "user_id", K.LONG, "Person who boosts.", "Pessoa que impulsiona.", ("Event.boost.source.user.id", "Event.source.user.id"), personal=P.ID),
        C(10, "boost_source", K.TEXT, "premium, gift_code or giveaway.", "premium, gift_code ou giveaway.", ("Event.boost.source.source", "Event.source.source")),
        C(11, "occurred_at", K.TIME, "When it was added or removed (UTC).", "Quando foi dado ou retirado (UTC).", ("Event.boost.add_date", "Event.remove_date")),
        C(12, "expires_at", K.TIME, "Until when it lasts (UTC).", "Até quando vale (UTC).", ("Event.boost.expiration_date",)),
        C(13, "giveaway_message_id", K.LONG, "Message of the giveaway it comes from.", "Mensagem do sorteio de onde vem.", ("Event.boost.source.giveaway_message_id", "Event.source.giveaway_message_id")),
        C(14, "stars", K.LONG, "Stars of the giveaway's prize.", "Estrelas do prêmio do sorteio.", ("Event.boost.source.prize_star_count", "Event.source.prize_star_count")),
        C(15, "boosts", K.LONG, "How many boosts a service message tells of.", "Quantos impulsos uma mensagem de serviço conta.", ("Message.boost_added.boost_count",)),
    ),
)  # fmt: skip
