"""What people ask and how it ends: made in Python from messages, reactions and memberships (`telelake.talk`)."""

from telelake.tables.catalog.common import ACCOUNT, CONTA
from telelake.tables.model import Column as C
from telelake.tables.model import Days, Reads, Table
from telelake.tables.model import Kind as K
from telelake.tables.model import Personal as P

AFTER = 7
"""Days after a question's own in which an answer, a repeat, and what came of it are looked for."""
WEEK = Days(-8, AFTER)
"""What a question's day is made from: a repeat lies within seven days; one more, as 72 hours may touch five days when clocks change."""
LASTS = 3
"""Days after its first day in which a conversation may still go on."""

QUESTIONS = Table(
    name="questions",
    en="A question, problem or request of a customer: who answered first, how fast, and how it ended (docs/insights/questions.md).",
    pt="Uma pergunta, um problema ou um pedido de um cliente: quem respondeu primeiro, em quanto tempo, e como terminou (docs/insights/questions.pt.md).",
    key=("question_id",),
    sort=("chat_id", "asked_at", "message_id"),
    reads=Reads(raw=None, tables={"messages": WEEK, "reactions": WEEK, "memberships": WEEK, "updates": Days()}),
    columns=(
        C(1, "context_date", K.DAY, "Lake day on which it was asked.", "Dia do lago em que foi feita.", required=True),
        C(2, "question_id", K.TEXT, "Its name for `telelake label`: message_id@chat_id, and what else tells the message from others.", "Seu nome para `telelake label`: message_id@chat_id, e o que mais distingue a mensagem de outras.", required=True, personal=P.CODE),
        C(3, "account_id", K.LONG, ACCOUNT, CONTA, required=True, personal=P.ID),
        C(4, "chat_id", K.LONG, "Chat in which it was asked.", "Chat em que foi feita.", required=True, personal=P.ID),
        C(5, "message_id", K.LONG, "Message that asks.", "Mensagem que pergunta.", required=True),
        C(6, "business_connection_id", K.TEXT, "Business connection whose account numbers the message.", "Conexão comercial cuja conta numera a mensagem."),
        C(7, "conversation_id", K.TEXT, "Conversation that it belongs to.", "Conversa a que pertence.", required=True, personal=P.CODE),
        C(8, "thread_id", K.LONG, "Topic or thread in the chat.", "Tópico ou fio no chat."),
        C(9, "user_id", K.LONG, "Person who asks; null when asked in the name of a chat.", "Pessoa que pergunta; nulo quando em nome de um chat.", personal=P.ID),
        C(10, "asked_at", K.TIME, "When it was asked (UTC).", "Quando foi feita (UTC).", required=True),
        C(11, "local_hour", K.LONG, "Hour of the day it was asked, 0 to 23, in the lake's time zone.", "Hora do dia em que foi feita, 0 a 23, no fuso do lago."),
        C(12, "text", K.TEXT, "Text or caption, in its latest state.", "Texto ou legenda, no estado mais recente.", required=True, personal=P.TEXT),
        C(13, "kind", K.TEXT, "question, problem or request.", "question (pergunta), problem (problema) ou request (pedido).", required=True),
        C(14, "answered_at", K.TIME, "When the first answer came (UTC); null when none did.", "Quando veio a primeira resposta (UTC); nulo sem resposta."),
        C(15, "answered_by", K.TEXT, "Who gave it: bot, attendant or customer; null when none came.", "Quem a deu: bot, attendant (atendente) ou customer (cliente); nulo sem resposta."),
        C(16, "answer_user_id", K.LONG, "Person or bot who gave it.", "Pessoa ou bot que a deu.", personal=P.ID),
        C(17, "answer_message_id", K.LONG, "Message that is the first answer.", "Mensagem que é a primeira resposta."),
        C(18, "answer_rule", K.TEXT, "By what it was tied to the question: reply, mention, model, …; label when a person said so.", "Pelo que foi ligada à pergunta: reply, mention, model, …; label quando uma pessoa o disse."),
        C(19, "answer_seconds", K.LONG, "From question to first answer, seconds.", "Da pergunta à primeira resposta, em segundos."),
        C(20, "bot_answer_message_id", K.LONG, "First answer of a bot.", "Primeira resposta de um bot."),
        C(21, "bot_answer_seconds", K.LONG, "From question to first answer of a bot, seconds.", "Da pergunta à primeira resposta de um bot, em segundos."),
        C(22, "human_answer_message_id", K.LONG, "First answer of a human, attendant or customer.", "Primeira resposta humana, de atendente ou cliente."),
        C(23, "human_answer_seconds", K.LONG, "From question to first answer of a human, seconds.", "Da pergunta à primeira resposta humana, em segundos."),
        C(24, "working_seconds", K.LONG, "From question to first answer, seconds within working hours (all hours when none are set).", "Da pergunta à primeira resposta, em segundos dentro do expediente (todas as horas quando nenhum foi definido)."),
        C(25, "sla_breached", K.BOOL, "Whether the first answer came after the time agreed (`talk.sla_minutes`), or that time went by without one; null without such a time, and while it runs.", "Se a primeira resposta veio depois do prazo (`talk.sla_minutes`), ou o prazo passou sem ela; nulo sem prazo, e enquanto ele corre."),
        C(26, "outcome", K.TEXT, "How it ended: confirmed, assumed, revoked, escalated or unanswered; null while it is answered and too early to tell.", "Como terminou: confirmed (confirmada), assumed (presumida), revoked (revogada), escalated (escalada) ou unanswered (sem resposta); nulo enquanto respondida e cedo para dizer."),
        C(27, "outcome_at", K.TIME, "When that was so (UTC): of the message or reaction that shows it, or the end of the silence; null for unanswered.", "Quando se deu (UTC): da mensagem ou reação que o mostra, ou do fim do silêncio; nulo sem resposta."),
        C(28, "outcome_rule", K.TEXT, "Rule that says so, as docs/insights/questions.md names it.", "Regra que o diz, como docs/insights/questions.pt.md a nomeia.", required=True),
        C(29, "evidence", K.LONGS, "Messages that the outcome rests on, in their order.", "Mensagens em que o desfecho se apoia, na ordem.", required=True, element_id=32),
        C(30, "repeats_message_id", K.LONG, "Earlier same question of the same person within `talk.repeat_days`; the nearest.", "Mesma pergunta da mesma pessoa, feita antes, dentro de `talk.repeat_days`; a mais próxima."),
        C(31, "corrected", K.BOOL, "Whether a person has corrected it (`telelake label`).", "Se uma pessoa a corrigiu (`telelake label`).", required=True),
    ),
)  # fmt: skip

CONVERSATIONS = Table(
    name="conversations",
    en="A conversation: messages tied to one another, cut at 72 hours of silence (docs/insights/conversations.md).",
    pt="Uma conversa: mensagens ligadas umas às outras, cortada a 72 horas de silêncio (docs/insights/conversations.pt.md).",
    key=("conversation_id",),
    sort=("chat_id", "began_at", "message_id"),
    reads=Reads(raw=None, tables={"messages": WEEK, "memberships": WEEK, "questions": Days(0, LASTS)}),
    columns=(
        C(1, "context_date", K.DAY, "Lake day of its first message.", "Dia do lago da primeira mensagem.", required=True),
        C(2, "conversation_id", K.TEXT, "Its name, made from its first message.", "Seu nome, feito da primeira mensagem.", required=True, personal=P.CODE),
        C(3, "account_id", K.LONG, ACCOUNT, CONTA, required=True, personal=P.ID),
        C(4, "chat_id", K.LONG, "Chat.", "Chat.", required=True, personal=P.ID),
        C(5, "message_id", K.LONG, "First message.", "Primeira mensagem.", required=True),
        C(6, "business_connection_id", K.TEXT, "Business connection whose account numbers the messages.", "Conexão comercial cuja conta numera as mensagens."),
        C(7, "thread_id", K.LONG, "Topic or thread of the first message.", "Tópico ou fio da primeira mensagem."),
        C(8, "user_id", K.LONG, "Who began it; null when it was done in the name of a chat.", "Quem a começou; nulo quando em nome de um chat.", personal=P.ID),
        C(9, "began_at", K.TIME, "When the first message was sent (UTC).", "Quando foi enviada a primeira mensagem (UTC).", required=True),
        C(10, "ended_at", K.TIME, "When the last message was sent (UTC).", "Quando foi enviada a última mensagem (UTC).", required=True),
        C(11, "messages", K.LONG, "Messages.", "Mensagens.", required=True),
        C(12, "people", K.LONG, "Different people who wrote, bots not counted.", "Pessoas diferentes que escreveram, sem contar bots.", required=True),
        C(13, "questions", K.LONG, "Questions asked in it (table questions).", "Perguntas feitas nela (tabela questions).", required=True),
        C(14, "bot_messages", K.LONG, "Messages of bots.", "Mensagens de bots.", required=True),
        C(15, "attendant_messages", K.LONG, "Messages of attendants.", "Mensagens de atendentes.", required=True),
        C(16, "first_answer_by", K.TEXT, "Who gave the first answer to its first question that has one: bot, attendant or customer.", "Quem deu a primeira resposta à primeira pergunta que tem uma: bot, attendant (atendente) ou customer (cliente)."),
        C(17, "first_answer_seconds", K.LONG, "From that question to that answer, seconds.", "Dessa pergunta a essa resposta, em segundos."),
        C(18, "bot_answer_seconds", K.LONG, "From the first question that a bot answered to its answer, seconds.", "Da primeira pergunta que um bot respondeu até a resposta, em segundos."),
        C(19, "human_answer_seconds", K.LONG, "From the first question that a human answered to the answer, seconds.", "Da primeira pergunta que um humano respondeu até a resposta, em segundos."),
        C(20, "handed_over", K.BOOL, "Whether some question of it was escalated: a human was asked for, or took over from a bot.", "Se alguma pergunta dela foi escalada: pediu-se um humano, ou um assumiu no lugar do bot.", required=True),
        C(21, "outcome", K.TEXT, "The outcome of its questions that is worst: unanswered, revoked, escalated, assumed, confirmed; null without a question, and while one is open.", "O pior desfecho das suas perguntas: unanswered, revoked, escalated, assumed, confirmed; nulo sem pergunta, e enquanto uma está em aberto."),
        C(22, "evidence", K.LONGS, "Messages that this outcome rests on.", "Mensagens em que esse desfecho se apoia.", required=True, element_id=24),
        C(23, "corrected", K.BOOL, "Whether a person has corrected one of its questions.", "Se uma pessoa corrigiu uma das suas perguntas.", required=True),
    ),
)  # fmt: skip
