"""What questions are about: made from `questions` by a topic model (`telelake.talk.topics`)."""

from telelake.tables.catalog.common import ACCOUNT, CONTA
from telelake.tables.model import Column as C
from telelake.tables.model import Days, Reads, Table
from telelake.tables.model import Kind as K
from telelake.tables.model import Personal as P

QUESTION_TOPICS = Table(
    name="question_topics",
    en="A question and its topic, by the topic model in use (docs/insights/topics.md). Empty until a model was fitted.",
    pt="Uma pergunta e o seu assunto, pelo modelo de assuntos em uso (docs/insights/topics.md). Vazia até haver um modelo.",
    key=("question_id",),
    sort=("chat_id", "message_id", "question_id"),
    reads=Reads(raw=None, tables={"questions": Days()}),
    columns=(
        C(1, "context_date", K.DAY, "Lake day on which it was asked.", "Dia do lago em que foi feita.", required=True),
        C(2, "question_id", K.TEXT, "The question, as in table questions.", "A pergunta, como na tabela questions.", required=True, personal=P.CODE),
        C(3, "account_id", K.LONG, ACCOUNT, CONTA, required=True, personal=P.ID),
        C(4, "chat_id", K.LONG, "Chat in which it was asked.", "Chat em que foi feita.", required=True, personal=P.ID),
        C(5, "message_id", K.LONG, "Message that asks.", "Mensagem que pergunta.", required=True),
        C(6, "topic_id", K.LONG, "Topic, the same from model to model; null when it is like no known question.", "Assunto, o mesmo de um modelo a outro; nulo quando não se parece com nenhuma pergunta conhecida."),
        C(7, "topic_name", K.TEXT, "Its name: own words of its questions, or what a person called it.", "Seu nome: palavras das próprias perguntas, ou o nome dado por uma pessoa.", personal=P.TEXT),
        C(8, "score", K.DOUBLE, "How like the nearest known questions of the topic it is, 0 to 1.", "Quanto se parece com as perguntas conhecidas mais próximas do assunto, 0 a 1.", required=True),
        C(9, "model", K.TEXT, "Model that said so: its number in the home, and the beginning of its digest.", "Modelo que o disse: seu número no lago e o começo do seu resumo criptográfico.", required=True),
    ),
)  # fmt: skip
