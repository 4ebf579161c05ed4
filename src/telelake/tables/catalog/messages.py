"""Messages: their latest state, their every state, and what is marked inside them."""

from dataclasses import replace

from telelake.tables.model import Column as C
from telelake.tables.model import Kind as K
from telelake.tables.model import Personal as P
from telelake.tables.model import Table

_MEDIA = ("video", "animation", "audio", "voice", "video_note", "document", "sticker", "live_photo", "photo")


def _media(field: str, *kinds: str) -> tuple[str, ...]:
    return tuple(f"Message.{kind}.{field}" for kind in (kinds or _MEDIA))


_IDENTITY = (
    C(1, "context_date", K.DAY, "Lake day of the message's own date; an edit lies in the day of the message it edits.", "Dia do lago em que a mensagem foi enviada; uma edição fica no dia da mensagem original.", required=True),
    C(2, "bot_id", K.LONG, "Bot that saw this state; 0 for an export.", "Bot que viu este estado; 0 para uma exportação.", required=True),
    C(3, "account_id", K.LONG, "Whose numbering `message_id` follows: 0 in supergroups and channels (the chat's own), else the id of the bot, or of the person whose export it is.", "De quem é a numeração de `message_id`: 0 em supergrupos e canais (do próprio chat), senão o id do bot, ou da pessoa de quem é a exportação.", required=True, personal=P.ID),
    C(4, "chat_id", K.LONG, "Chat the message was posted in.", "Chat em que a mensagem foi enviada.", ("Message.chat.id",), personal=P.ID),
    C(5, "message_id", K.LONG, "Number of the message, unique within (account_id, chat_id); 0 for an ephemeral one.", "Número da mensagem, único em (account_id, chat_id); 0 para uma efêmera.", ("Message.message_id",)),
    C(6, "business_connection_id", K.TEXT, "Business connection whose account numbers the message.", "Conexão comercial cuja conta numera a mensagem.", ("Message.business_connection_id",)),
    C(7, "ephemeral_message_id", K.LONG, "Number of an ephemeral message.", "Número de uma mensagem efêmera.", ("Message.ephemeral_message_id",)),
    C(8, "raw", K.TEXT, "record_id of the raw record this state was read from.", "record_id do registro bruto de onde este estado foi lido.", required=True),
    C(9, "update_id", K.LONG, "Update that brought this state; null when a call or an export did.", "Update que trouxe este estado; nulo quando veio de um pedido ou de uma exportação."),
    C(10, "source", K.TEXT, "How it came in: webhook, poll, proxy, import, sqs.", "Como chegou: webhook, poll, proxy, import, sqs.", required=True),
    C(11, "direction", K.TEXT, "`out` when one of our bots sent it, else `in`.", "`out` quando um de nossos bots enviou, senão `in`.", required=True),
    C(12, "kind", K.TEXT, "What it is: text, photo, document, new_chat_members, …; the Bot API's field name.", "O que é: text, photo, document, new_chat_members, …; o nome do campo na Bot API.", required=True),
    C(13, "is_service", K.BOOL, "Whether it is a service message.", "Se é uma mensagem de serviço.", required=True),
)  # fmt: skip

_SENDER = (
    C(14, "user_id", K.LONG, "Sender as Telegram names it; null for channel posts.", "Remetente segundo o Telegram; nulo em posts de canal.", ("Message.from.id",), personal=P.ID),
    C(15, "sender_name", K.TEXT, "Sender's first and last name as seen.", "Nome e sobrenome do remetente, como vistos.", ("Message.from.first_name", "Message.from.last_name"), personal=P.NAME),
    C(16, "sender_username", K.TEXT, "Sender's username as seen, without @.", "Nome de usuário do remetente, como visto, sem @.", ("Message.from.username",), personal=P.NAME),
    C(17, "is_bot", K.BOOL, "Whether the sender is a bot.", "Se o remetente é um bot.", ("Message.from.is_bot",)),
    C(18, "sender_chat_id", K.LONG, "Chat the message was sent on behalf of (channel, anonymous admin).", "Chat em nome do qual a mensagem foi enviada (canal, admin anônimo).", ("Message.sender_chat.id",), personal=P.ID),
    C(19, "sender_tag", K.TEXT, "Tag of the sender in the chat.", "Etiqueta do remetente no chat.", ("Message.sender_tag",), personal=P.NAME),
    C(20, "author_signature", K.TEXT, "Signature of a channel post or title of an anonymous admin.", "Assinatura de um post de canal ou título de um admin anônimo.", ("Message.author_signature",), personal=P.NAME),
    C(21, "via_bot_id", K.LONG, "Bot whose inline result was sent.", "Bot cujo resultado inline foi enviado.", ("Message.via_bot.id",), personal=P.ID),
    C(22, "chat_type", K.TEXT, "private, group, supergroup or channel.", "private, group, supergroup ou channel.", ("Message.chat.type",)),
    C(23, "thread_id", K.LONG, "Topic or thread in the chat.", "Tópico ou fio no chat.", ("Message.message_thread_id",)),
    C(24, "is_topic_message", K.BOOL, "Whether it was sent to a forum topic.", "Se foi enviada a um tópico de fórum.", ("Message.is_topic_message",)),
    C(25, "sent_at", K.TIME, "When it was sent (UTC).", "Quando foi enviada (UTC).", ("Message.date",)),
    C(26, "edited_at", K.TIME, "When this state was made by an edit (UTC); null for the original.", "Quando este estado surgiu por edição (UTC); nulo no original.", ("Message.edit_date",)),
    C(27, "received_at", K.TIME, "When this state was first captured (UTC).", "Quando este estado foi capturado pela primeira vez (UTC).", required=True),
)  # fmt: skip

_CONTENT = (
    C(28, "text", K.TEXT, "Text.", "Texto.", ("Message.text",), personal=P.TEXT),
    C(29, "caption", K.TEXT, "Caption of a photo, video, document, …", "Legenda de foto, vídeo, documento, …", ("Message.caption",), personal=P.TEXT),
    C(30, "length", K.LONG, "Characters of text or caption (Unicode code points).", "Caracteres do texto ou da legenda (pontos de código Unicode)."),
    C(31, "reply_to_message_id", K.LONG, "Message it replies to, in the same chat.", "Mensagem a que responde, no mesmo chat.", ("Message.reply_to_message.message_id",)),
    C(32, "reply_to_user_id", K.LONG, "Sender of the message it replies to.", "Remetente da mensagem a que responde.", ("Message.reply_to_message.from.id",), personal=P.ID),
    C(33, "reply_to_external_chat_id", K.LONG, "Other chat that holds the message it replies to.", "Outro chat onde está a mensagem a que responde.", ("Message.external_reply.chat.id",), personal=P.ID),
    C(34, "reply_to_external_message_id", K.LONG, "Message in another chat that it replies to.", "Mensagem de outro chat a que responde.", ("Message.external_reply.message_id",)),
    C(35, "reply_to_story_id", K.LONG, "Story it replies to.", "Story a que responde.", ("Message.reply_to_story.id",)),
    C(36, "quote", K.TEXT, "Part of the other message that it quotes.", "Trecho citado da outra mensagem.", ("Message.quote.text",), personal=P.TEXT),
    C(37, "forward_kind", K.TEXT, "Where it was forwarded from: user, hidden_user, chat or channel.", "De onde foi encaminhada: user, hidden_user, chat ou channel.", ("Message.forward_origin.type",)),
    C(38, "forward_sent_at", K.TIME, "When the forwarded message was sent (UTC).", "Quando a mensagem encaminhada foi enviada (UTC).", ("Message.forward_origin.date",)),
    C(39, "forward_user_id", K.LONG, "Person who wrote the forwarded message.", "Pessoa que escreveu a mensagem encaminhada.", ("Message.forward_origin.sender_user.id",), personal=P.ID),
    C(40, "forward_sender_name", K.TEXT, "Name of a hidden person who wrote the forwarded message.", "Nome de pessoa oculta que escreveu a mensagem encaminhada.", ("Message.forward_origin.sender_user_name",), personal=P.NAME),
    C(41, "forward_chat_id", K.LONG, "Chat or channel the forwarded message comes from.", "Chat ou canal de origem da mensagem encaminhada.", ("Message.forward_origin.sender_chat.id", "Message.forward_origin.chat.id"), personal=P.ID),
    C(42, "forward_message_id", K.LONG, "Number of the forwarded message in its channel.", "Número da mensagem encaminhada no seu canal.", ("Message.forward_origin.message_id",)),
    C(43, "is_automatic_forward", K.BOOL, "Whether a channel's post was forwarded to its discussion group by itself.", "Se um post de canal foi encaminhado sozinho ao grupo de discussão.", ("Message.is_automatic_forward",)),
    C(44, "media_group_id", K.TEXT, "Album the message belongs to.", "Álbum a que a mensagem pertence.", ("Message.media_group_id",)),
    C(45, "file_unique_id", K.TEXT, "Telegram's lasting id of the file, the same for every bot.", "Id duradouro do arquivo no Telegram, igual para todo bot.", _media("file_unique_id")),
    C(46, "file_name", K.TEXT, "Name of the file.", "Nome do arquivo.", _media("file_name", "video", "animation", "audio", "document"), personal=P.FILE),
    C(47, "mime_type", K.TEXT, "MIME type of the file.", "Tipo MIME do arquivo.", _media("mime_type", "video", "animation", "audio", "voice", "document", "live_photo")),
    C(48, "file_bytes", K.LONG, "Size of the file, bytes.", "Tamanho do arquivo, em bytes.", _media("file_size")),
    C(49, "duration_seconds", K.LONG, "Length of audio or video, seconds.", "Duração de áudio ou vídeo, em segundos.", _media("duration", "video", "animation", "audio", "voice", "video_note", "live_photo")),
    C(50, "width", K.LONG, "Width of picture or video, pixels.", "Largura da imagem ou vídeo, em pixels.", _media("width", "video", "animation", "sticker", "live_photo", "photo")),
    C(51, "height", K.LONG, "Height of picture or video, pixels.", "Altura da imagem ou vídeo, em pixels.", _media("height", "video", "animation", "sticker", "live_photo", "photo")),
    C(52, "sticker_emoji", K.TEXT, "Emoji of the sticker.", "Emoji da figurinha.", ("Message.sticker.emoji",)),
    C(53, "sticker_set", K.TEXT, "Set of the sticker.", "Pacote da figurinha.", ("Message.sticker.set_name",)),
    C(54, "latitude", K.DOUBLE, "Latitude of a location or venue, degrees.", "Latitude do local, em graus.", ("Message.location.latitude",), personal=P.PLACE),
    C(55, "longitude", K.DOUBLE, "Longitude of a location or venue, degrees.", "Longitude do local, em graus.", ("Message.location.longitude",), personal=P.PLACE),
    C(56, "migrated_to_chat_id", K.LONG, "Supergroup that this basic group became.", "Supergrupo em que este grupo se transformou.", ("Message.migrate_to_chat_id",)),
    C(57, "migrated_from_chat_id", K.LONG, "Basic group that this supergroup was.", "Grupo que este supergrupo era antes.", ("Message.migrate_from_chat_id",)),
    C(58, "entities", K.LONG, "Marked parts of text or caption (table message_entities).", "Trechos marcados do texto ou legenda (tabela message_entities)."),
    C(59, "links", K.LONG, "Links among them.", "Links entre eles."),
    C(60, "mentions", K.LONG, "Mentions of people among them.", "Menções a pessoas entre eles."),
    C(61, "hashtags", K.LONG, "Hashtags among them.", "Hashtags entre eles."),
    C(62, "commands", K.LONG, "Bot commands among them.", "Comandos de bot entre eles."),
)  # fmt: skip

_STATE = (*_IDENTITY, *_SENDER, *_CONTENT)
_ENTITY_IDENTITY = tuple(
    column
    for column in _IDENTITY
    if column.name
    in {"context_date", "account_id", "chat_id", "message_id", "business_connection_id", "ephemeral_message_id", "raw"}
)
_KEY = ("account_id", "chat_id", "message_id", "business_connection_id", "ephemeral_message_id")

MESSAGES = Table(
    name="messages",
    en="A message, in its latest state, from every source and both directions.",
    pt="Uma mensagem, no seu estado mais recente, de toda fonte e nas duas direções.",
    key=_KEY,
    keyless_when="message_id",
    sort=("chat_id", "sent_at", "message_id"),
    columns=(
        *_STATE,
        C(63, "versions", K.LONG, "States the message has been in, this one included.", "Estados pelos quais a mensagem passou, inclusive este.", required=True),
        C(64, "local_hour", K.LONG, "Hour of the day it was sent, 0 to 23, in the lake's time zone.", "Hora do dia em que foi enviada, 0 a 23, no fuso do lago.", ("Message.date",)),
        C(65, "topic_name", K.TEXT, "First name of the forum topic, as the message carries it (latest name: view topics).", "Primeiro nome do tópico do fórum, como a mensagem o traz (último nome: visão topics).", ("Message.reply_to_message.forum_topic_created.name", "Message.forum_topic_created.name"), personal=P.TEXT),
        C(66, "is_anonymous_admin", K.BOOL, "Whether an admin sent it in the name of the chat itself.", "Se um admin a enviou em nome do próprio chat.", required=True),
        C(67, "forward_chat_title", K.TEXT, "Title of the chat or channel the forwarded message comes from.", "Título do chat ou canal de origem da mensagem encaminhada.", ("Message.forward_origin.sender_chat.title", "Message.forward_origin.chat.title")),
        C(68, "forward_signature", K.TEXT, "Signature of the forwarded channel post.", "Assinatura do post de canal encaminhado.", ("Message.forward_origin.author_signature",), personal=P.NAME),
        C(69, "reply_to_story_chat_id", K.LONG, "Chat of the story it replies to.", "Chat do story a que responde.", ("Message.reply_to_story.chat.id",)),
        C(70, "reply_to_task_id", K.LONG, "Task of a checklist that it replies to.", "Tarefa de uma lista a que responde.", ("Message.reply_to_checklist_task_id",)),
        C(71, "reply_to_option_id", K.TEXT, "Option of a poll that it replies to.", "Opção de uma enquete a que responde.", ("Message.reply_to_poll_option_id",)),
        C(72, "direct_topic_id", K.LONG, "Topic of a channel's direct messages.", "Tópico das mensagens diretas de um canal.", ("Message.direct_messages_topic.topic_id",)),
        C(73, "receiver_user_id", K.LONG, "Person who alone sees an ephemeral message.", "Única pessoa que vê uma mensagem efêmera.", ("Message.receiver_user.id",), personal=P.ID),
        C(74, "guest_query_id", K.TEXT, "Id by which a bot called as a guest answers.", "Id com que responde um bot chamado como convidado.", ("Message.guest_query_id",)),
        C(75, "guest_caller_user_id", K.LONG, "Person who called the bot as a guest.", "Pessoa que chamou o bot como convidado.", ("Message.guest_bot_caller_user.id",), personal=P.ID),
        C(76, "guest_caller_chat_id", K.LONG, "Chat in whose name the bot was called as a guest.", "Chat em nome do qual o bot foi chamado como convidado.", ("Message.guest_bot_caller_chat.id",), personal=P.ID),
        C(77, "business_bot_id", K.LONG, "Bot that sent it in the name of a business account.", "Bot que a enviou em nome de uma conta comercial.", ("Message.sender_business_bot.id",)),
        C(78, "sender_boosts", K.LONG, "Boosts that the sender has given the chat.", "Impulsos que o remetente deu ao chat.", ("Message.sender_boost_count",)),
        C(79, "paid_stars", K.LONG, "Stars paid to send it.", "Estrelas pagas para enviá-la.", ("Message.paid_star_count",)),
        C(80, "poll_id", K.TEXT, "Poll in it (table polls).", "Enquete nela (tabela polls).", ("Message.poll.id",)),
        C(81, "venue_title", K.TEXT, "Name of the place in it.", "Nome do lugar nela.", ("Message.venue.title",), personal=P.NAME),
        C(82, "has_protected_content", K.BOOL, "Whether it may not be forwarded; null when it may.", "Se não pode ser encaminhada; nulo quando pode.", ("Message.has_protected_content",)),
        C(83, "has_spoiler", K.BOOL, "Whether its media is covered; null when not.", "Se a mídia está coberta; nulo quando não.", ("Message.has_media_spoiler",)),
        C(84, "is_from_offline", K.BOOL, "Whether it was sent by itself: greeting, away message, scheduled; null when not.", "Se foi enviada sozinha: saudação, ausência, agendada; nulo quando não.", ("Message.is_from_offline",)),
    ),
)  # fmt: skip

MESSAGE_VERSIONS = Table(
    name="message_versions",
    en="A state that a message has been in: the original and each edit.",
    pt="Um estado pelo qual a mensagem passou: o original e cada edição.",
    key=(*_KEY, "version"),
    keyless_when="message_id",
    sort=("chat_id", "sent_at", "message_id", "version"),
    columns=(
        *_STATE,
        C(63, "version", K.LONG, "1 for the oldest state that was seen, then counting up.", "1 para o estado mais antigo visto, e assim por diante.", required=True),
        C(64, "is_latest", K.BOOL, "Whether it is the state in table messages.", "Se é o estado que está na tabela messages.", required=True),
    ),
)  # fmt: skip

MESSAGE_ENTITIES = Table(
    name="message_entities",
    en="A marked part of a message in its latest state: mention, hashtag, command, link, bold, …",
    pt="Um trecho marcado de uma mensagem no estado mais recente: menção, hashtag, comando, link, negrito, …",
    key=(*_KEY, "position"),
    keyless_when="message_id",
    sort=("chat_id", "message_id", "position"),
    columns=(
        *(replace(column, id=number) for number, column in enumerate(_ENTITY_IDENTITY, 1)),
        C(8, "sent_at", K.TIME, "When the message was sent (UTC).", "Quando a mensagem foi enviada (UTC)."),
        C(9, "user_id", K.LONG, "Sender of the message.", "Remetente da mensagem.", personal=P.ID),
        C(10, "position", K.LONG, "1 for the first in the message.", "1 para o primeiro da mensagem.", required=True),
        C(11, "type", K.TEXT, "mention, hashtag, bot_command, url, text_link, bold, …", "mention, hashtag, bot_command, url, text_link, bold, …", ("Message.entities.type", "Message.caption_entities.type")),
        C(12, "offset_utf16", K.LONG, "Where it begins, in UTF-16 units as Telegram counts.", "Onde começa, em unidades UTF-16 como o Telegram conta.", ("Message.entities.offset", "Message.caption_entities.offset")),
        C(13, "length_utf16", K.LONG, "How long it is, in UTF-16 units.", "Seu tamanho, em unidades UTF-16.", ("Message.entities.length", "Message.caption_entities.length")),
        C(14, "value", K.TEXT, "The marked text itself; null when offset and length do not fit the text.", "O próprio trecho marcado; nulo quando posição e tamanho não cabem no texto.", personal=P.TEXT),
        C(15, "url", K.TEXT, "Target of a text_link.", "Destino de um text_link.", ("Message.entities.url", "Message.caption_entities.url"), personal=P.TEXT),
        C(16, "mentioned_user_id", K.LONG, "Person of a text_mention.", "Pessoa de um text_mention.", ("Message.entities.user.id", "Message.caption_entities.user.id"), personal=P.ID),
        C(17, "command", K.TEXT, "Name of a bot_command in lower case, without slash and target.", "Nome de um bot_command em minúsculas, sem barra e sem destinatário."),
        C(18, "command_target", K.TEXT, "Username of the bot that the command names after @.", "Nome de usuário do bot que o comando indica depois de @."),
        C(19, "arguments", K.TEXT, "What follows the command, up to the message's end.", "O que vem depois do comando, até o fim da mensagem.", personal=P.TEXT),
        C(20, "domain", K.TEXT, "Host of a link, in lower case, without www.", "Domínio de um link, em minúsculas, sem www.", personal=P.TEXT),
    ),
)  # fmt: skip
