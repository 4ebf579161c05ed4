"""Lists to vote on and to tick off: polls, their options and votes, checklists."""

from telelake.tables.catalog.common import ACCOUNT, CONTA, SEEN
from telelake.tables.model import Column as C
from telelake.tables.model import Kind as K
from telelake.tables.model import Personal as P
from telelake.tables.model import Table


def _poll(*fields: str) -> tuple[str, ...]:
    return tuple(f"{root}.{field}" for root in ("Event", "Message.poll") for field in fields)


def _task(field: str) -> tuple[str, ...]:
    return (f"Message.checklist.tasks.{field}",)


POLLS = Table(
    name="polls",
    en="A state of a poll as it was seen: in the message that holds it, or in an update about it.",
    pt="Um estado de uma enquete como foi visto: na mensagem que a contém, ou num update sobre ela.",
    key=("raw", "ordinal"),
    sort=("poll_id", "received_at"),
    needs=("poll",),
    columns=(
        *SEEN,
        C(6, "poll_id", K.TEXT, "Telegram's id of the poll, the same wherever it is forwarded.", "Id da enquete no Telegram, igual onde quer que seja encaminhada.", _poll("id")),
        C(7, "seen_in", K.TEXT, "`poll` for an update about it, else the kind of update, call or export that brought the message.", "`poll` para um update sobre ela, senão o tipo de update, pedido ou exportação que trouxe a mensagem.", required=True),
        C(8, "account_id", K.LONG, ACCOUNT, CONTA, personal=P.ID),
        C(9, "chat_id", K.LONG, "Chat of the message that holds it; null for an update, which does not say.", "Chat da mensagem que a contém; nulo para um update, que não diz.", ("Message.chat.id",), personal=P.ID),
        C(10, "message_id", K.LONG, "Message that holds it.", "Mensagem que a contém.", ("Message.message_id",)),
        C(11, "user_id", K.LONG, "Person who sent that message.", "Pessoa que enviou essa mensagem.", ("Message.from.id",), personal=P.ID),
        C(12, "sent_at", K.TIME, "When that message was sent (UTC).", "Quando essa mensagem foi enviada (UTC).", ("Message.date",)),
        C(13, "type", K.TEXT, "regular or quiz.", "regular (comum) ou quiz.", _poll("type")),
        C(14, "question", K.TEXT, "Question.", "Pergunta.", _poll("question"), personal=P.NAME),
        C(15, "description", K.TEXT, "Description of the poll.", "Descrição da enquete.", _poll("description"), personal=P.TEXT),
        C(16, "options", K.LONG, "Options (table poll_options).", "Opções (tabela poll_options).", required=True),
        C(17, "voters", K.LONG, "People who have voted.", "Pessoas que votaram.", _poll("total_voter_count")),
        C(18, "is_closed", K.BOOL, "Whether it is closed.", "Se está encerrada.", _poll("is_closed")),
        C(19, "is_anonymous", K.BOOL, "Whether votes are anonymous; their updates come only when they are not.", "Se os votos são anônimos; só há updates de votos quando não são.", _poll("is_anonymous")),
        C(20, "allows_multiple", K.BOOL, "Whether one may choose several options.", "Se é possível escolher várias opções.", _poll("allows_multiple_answers")),
        C(21, "allows_revoting", K.BOOL, "Whether one may vote anew.", "Se é possível votar de novo.", _poll("allows_revoting")),
        C(22, "is_members_only", K.BOOL, "Whether only members of the chat may vote.", "Se só membros do chat podem votar.", _poll("members_only")),
        C(23, "open_seconds", K.LONG, "How long it is open, seconds.", "Por quanto tempo fica aberta, em segundos.", _poll("open_period")),
        C(24, "closes_at", K.TIME, "When it closes by itself (UTC).", "Quando se encerra sozinha (UTC).", _poll("close_date")),
        C(25, "explanation", K.TEXT, "What is shown after a wrong answer to a quiz.", "O que aparece depois de uma resposta errada num quiz.", _poll("explanation"), personal=P.TEXT),
        C(26, "is_latest", K.BOOL, "Whether it is the last state of the poll that was seen that day.", "Se é o último estado da enquete visto nesse dia.", required=True),
    ),
)  # fmt: skip

POLL_OPTIONS = Table(
    name="poll_options",
    en="An option of a poll in one of its states, with its votes.",
    pt="Uma opção de uma enquete em um de seus estados, com seus votos.",
    key=("raw", "ordinal", "position"),
    sort=("poll_id", "received_at", "position"),
    needs=("poll",),
    columns=(
        *SEEN,
        C(6, "poll_id", K.TEXT, "Poll.", "Enquete.", _poll("id")),
        C(7, "position", K.LONG, "Place among the options, from 1; Telegram's option number is one less.", "Posição entre as opções, a partir de 1; o número da opção no Telegram é um a menos.", required=True),
        C(8, "option_id", K.TEXT, "Lasting id of the option.", "Id duradouro da opção.", _poll("options.persistent_id")),
        C(9, "text", K.TEXT, "Text of the option.", "Texto da opção.", _poll("options.text"), personal=P.TEXT),
        C(10, "voters", K.LONG, "People who have chosen it.", "Pessoas que a escolheram.", _poll("options.voter_count")),
        C(11, "is_correct", K.BOOL, "Whether it is a right answer of a quiz; null where that is not told.", "Se é uma resposta certa do quiz; nulo onde isso não é dito.", _poll("correct_option_ids")),
        C(12, "added_by_user_id", K.LONG, "Person who added it to the poll later.", "Pessoa que a acrescentou depois à enquete.", _poll("options.added_by_user.id"), personal=P.ID),
        C(13, "added_at", K.TIME, "When it was added (UTC).", "Quando foi acrescentada (UTC).", _poll("options.addition_date")),
        C(14, "is_latest", K.BOOL, "Whether it is of the last state of the poll that was seen that day.", "Se é do último estado da enquete visto nesse dia.", required=True),
    ),
)  # fmt: skip

POLL_ANSWERS = Table(
    name="poll_answers",
    en="A vote in a poll that is not anonymous and that one of our bots sent: given, changed or taken back.",
    pt="Um voto numa enquete não anônima enviada por um de nossos bots: dado, mudado ou retirado.",
    key=("raw", "ordinal"),
    sort=("poll_id", "received_at"),
    needs=("poll_answer",),
    columns=(
        *SEEN,
        C(6, "poll_id", K.TEXT, "Poll.", "Enquete.", ("Event.poll_id",)),
        C(7, "user_id", K.LONG, "Person who votes.", "Pessoa que vota.", ("Event.user.id",), personal=P.ID),
        C(8, "voter_chat_id", K.LONG, "Chat that votes.", "Chat que vota.", ("Event.voter_chat.id",), personal=P.ID),
        C(9, "option_numbers", K.TEXTS, "Numbers of the options chosen, from 0 as Telegram counts; empty when the vote was taken back.", "Números das opções escolhidas, a partir de 0 como o Telegram conta; vazio quando o voto foi retirado.", ("Event.option_ids",), element_id=13, personal=P.TEXT),
        C(10, "option_ids", K.TEXTS, "Lasting ids of the options chosen.", "Ids duradouros das opções escolhidas.", ("Event.option_persistent_ids",), element_id=14, personal=P.TEXT),
        C(11, "is_retracted", K.BOOL, "Whether the vote was taken back.", "Se o voto foi retirado."),
        C(12, "is_latest", K.BOOL, "Whether it is the day's last word of this voter on the poll.", "Se é a última palavra do dia desse votante na enquete.", required=True),
    ),
)  # fmt: skip

CHECKLIST_TASKS = Table(
    name="checklist_tasks",
    en="A task of a checklist, in the message's latest state.",
    pt="Uma tarefa de uma lista de tarefas, no estado mais recente da mensagem.",
    key=("raw", "ordinal", "position"),
    sort=("chat_id", "message_id", "position"),
    needs=("checklist",),
    columns=(
        *SEEN,
        C(6, "account_id", K.LONG, ACCOUNT, CONTA, required=True, personal=P.ID),
        C(7, "chat_id", K.LONG, "Chat of the message.", "Chat da mensagem.", ("Message.chat.id",), personal=P.ID),
        C(8, "message_id", K.LONG, "Message with the checklist.", "Mensagem com a lista.", ("Message.message_id",)),
        C(9, "user_id", K.LONG, "Person who sent the checklist.", "Pessoa que enviou a lista.", ("Message.from.id",), personal=P.ID),
        C(10, "sent_at", K.TIME, "When it was sent (UTC).", "Quando foi enviada (UTC).", ("Message.date",)),
        C(11, "title", K.TEXT, "Title of the checklist.", "Título da lista.", ("Message.checklist.title",), personal=P.TEXT),
        C(12, "position", K.LONG, "Place of the task, from 1.", "Posição da tarefa, a partir de 1.", required=True),
        C(13, "task_id", K.LONG, "Telegram's number of the task.", "Número da tarefa no Telegram.", _task("id")),
        C(14, "text", K.TEXT, "Text of the task.", "Texto da tarefa.", _task("text"), personal=P.TEXT),
        C(15, "completed_by_user_id", K.LONG, "Person who ticked it off.", "Pessoa que a concluiu.", _task("completed_by_user.id"), personal=P.ID),
        C(16, "completed_by_chat_id", K.LONG, "Chat in whose name it was ticked off.", "Chat em nome do qual foi concluída.", _task("completed_by_chat.id"), personal=P.ID),
        C(17, "completed_at", K.TIME, "When it was ticked off (UTC).", "Quando foi concluída (UTC).", _task("completion_date")),
    ),
)  # fmt: skip
