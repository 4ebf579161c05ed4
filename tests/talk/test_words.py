"""What messages do, by their words alone; and hours of work."""

from __future__ import annotations

from datetime import datetime, time
from zoneinfo import ZoneInfo

import pytest

from telelake.talk.folding import alike, fold, terms
from telelake.talk.hours import Hours
from telelake.talk.words import Act, answers_nothing, asks_back, comes_back, hands_over, read


@pytest.mark.parametrize(
    ("text", "act", "kind"),
    [
        ("Como faço pra mudar o endereço", "asks", "question"),
        ("boa tarde!! vcs abrem no sábado?", "asks", "question"),
        ("qnd sai o resultado", "asks", "question"),
        ("desde já agradeço, como mudo o e-mail", "asks", "question"),
        ("ñ consigo entrar", "asks", "problem"),
        ("tá dando erro na hora de pagar", "asks", "problem"),
        ("Gostaria de cancelar o plano", "asks", "request"),
        ("podem me enviar o contrato", "asks", "request"),
        ("Where can I find the invoice?", "asks", "question"),
        ("I can't log in", "asks", "problem"),
        ("¿Cómo cambio mi contraseña?", "asks", "question"),
        ("no me llegó el código", "asks", "problem"),
        ("obrigaaaada", "thanks", None),
        ("vlw, deu certo", "thanks", None),
        ("👍🏽", "thanks", None),
        ("obrigado, viu?", "thanks", None),
        ("thanks, that worked", "thanks", None),
        ("não funcionou", "denies", "problem"),
        ("ainda não resolveu", "denies", None),
        ("quero falar com um atendente", "wants human", None),
        ("can I talk to a human", "wants human", None),
        ("Bom dia, pessoal! Tudo bem?", "greets", None),
        ("olá", "greets", None),
        ("alguém pode me ajudar?", "calls", None),
        ("??", "calls", None),
        ("tenho uma dúvida", "calls", None),
        ("É só clicar em Conta", "says", None),
        ("que dia bonito", "says", None),
        ("boa sorte a todos", "says", None),
        ("Em que posso ajudar?", "says", None),
        ("/start", "says", None),
        ("redefinir senha do painel", "asks", "request"),
        ("quero meu dinheiro de volta", "asks", "request"),
        ("prazo do estorno", "asks", "question"),
        ("chave inválida no cadastro", "asks", "problem"),
        ("assinei semana passada e ainda consta o plano antigo", "asks", "problem"),
        ("paguei hoje cedo, tudo certo", "says", None),
        ("vale a pena sim, uso sempre", "says", None),
        ("cadê o suporte??", "calls", None),
        ("alguém pode me responder por favor", "calls", None),
        ("e a minha dúvida?", "calls", None),
        ("ninguém responde nesse grupo", "calls", None),
        ("@suporte_bot vc tá aí?", "calls", None),
        ("continuo aguardando um retorno", "calls", None),
        ("cadê a fatura de março?", "asks", "question"),
        ("alguém recomenda?", "asks", "question"),
        ("quem aí assistiu a partida ontem?", "says", None),
        ("já jantaram?", "says", None),
        ("será que vai chover amanhã?", "says", None),
        ("caí da cama hoje kkkk", "says", None),
        ("alguém sabe se abre no feriado?", "asks", "question"),
        ("quem mais está com erro na tela?", "asks", "problem"),
        ("a página não abre desde ontem, obrigado", "asks", "problem"),
        ("chegou certinho aqui, obrigado", "thanks", None),
        ("diz que a chave já foi usada", "asks", "problem"),
        ("era para ter chegado segunda e nada", "asks", "problem"),
        ("os créditos não entraram", "asks", "problem"),
        ("veio a cor errada", "asks", "problem"),
        ("vocês atendem em domicílio", "asks", "question"),
        ("a carência termina quando", "asks", "question"),
        ("que maravilha de serviço, hein", "says", None),
        ("valeu por nada", "says", None),
        ("o link da página não abre 😡", "asks", "problem"),
        ("😡", "denies", None),
        ("esse caminho não existe", "denies", "problem"),
        ("não era isso que eu perguntei", "denies", None),
        ("alguém da equipe por favor", "wants human", None),
        ("quero falar com um atednente", "wants human", None),
        ("orbigada", "thanks", None),
        ("", "says", None),
    ],
)
def test_read(text: str, act: str, kind: str | None) -> None:
    """Each form of speech is read for what it does."""
    found = read(fold(text))

    assert (found.act, found.kind) == (Act(act), kind)


def test_a_reply_must_ask_more_clearly() -> None:
    """What would be a question by itself says how, when it is a reply."""
    text = fold("como administrador no painel")

    assert read(fold("quanto tempo leva o estorno")).act is Act.ASKS
    assert read(text, is_reply=True).act is Act.SAYS
    assert read(fold("mas como faço isso?"), is_reply=True).act is Act.ASKS


def test_what_answers_nothing() -> None:
    """Not understood, wait, and somebody will come are no answers; only the last hands over."""
    assert answers_nothing(fold("Desculpe, não entendi.")) and not hands_over(fold("Desculpe, não entendi."))
    assert answers_nothing(fold("Só um momento")) and not hands_over(fold("Só um momento"))
    assert hands_over(fold("Vou te transferir para um atendente."))
    assert not answers_nothing(fold("O prazo é de cinco dias."))


def test_likeness() -> None:
    """The same question in other words is the same; two that share their frame are not."""
    asked = terms(fold("Como faço para cancelar minha assinatura do plano anual?"))

    assert alike(asked, terms(fold("quero cancelar a assinatura anual")))
    assert not alike(asked, terms(fold("Como faço para mudar meu endereço?")))
    assert not alike(terms(fold("oi")), terms(fold("olá, bom dia")))


def test_folding() -> None:
    """Accents, capitals, drawn-out letters, links and shortenings make no difference; ñ is a letter of its own."""
    assert fold("NÃO CONSEGUIIIII vc viu? https://exemplo.test/ajuda") == fold("nao consegui você viu ?")
    assert fold("año") == "año"


SAO_PAULO = ZoneInfo("America/Sao_Paulo")


def moment(text: str, zone: ZoneInfo = SAO_PAULO) -> int:
    """Return a local time as Unix seconds."""
    return int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp())


@pytest.mark.parametrize(
    ("start", "end", "seconds"),
    [
        ("2026-03-06 17:00", "2026-03-09 09:30", 5400),
        ("2026-03-07 10:00", "2026-03-08 23:00", 0),
        ("2026-03-09 08:00", "2026-03-09 20:00", 9 * 3600),
        ("2026-03-09 10:00", "2026-03-09 10:00", 0),
        ("2026-03-09 11:00", "2026-03-09 10:00", 0),
    ],
)
def test_working_seconds(start: str, end: str, seconds: int) -> None:
    """Only hours of work count, over nights and days off."""
    hours = Hours(SAO_PAULO, dict.fromkeys(range(5), ((time(9), time(18)),)))

    assert hours.between(moment(start), moment(end)) == seconds


def test_working_seconds_when_clocks_change() -> None:
    """A night shift to midnight has an hour less when the clocks go forward in it; without hours, all time counts."""
    zone = ZoneInfo("Europe/Lisbon")
    night = Hours(zone, {6: ((time(0), time()),)})

    assert night.between(moment("2026-03-28 12:00", zone), moment("2026-03-30 12:00", zone)) == 23 * 3600
    assert Hours(zone).between(10, 25) == 15


def test_what_only_asks_back() -> None:
    """A question by itself asks back; behind an answer, or as a mere "right?", it does not."""
    assert asks_back(fold("Oi Ana! Qual é o número da conta?"))
    assert not asks_back(fold("Na turma da noite restam duas vagas. Quer que eu reserve?"))
    assert not asks_back(fold("Já pedi o reenvio do contrato, tá?"))


@pytest.mark.parametrize(
    ("text", "is_back"),
    [
        ("de novo a mesma coisa, a tela trava", True),
        ("voltei, porque continua travando", True),
        ("I have the same problem again", True),
        ("a tela trava", False),
        ("isso é novo para mim", False),
    ],
)
def test_who_comes_back(text: str, is_back: bool) -> None:
    """Some say that they have asked before."""
    assert comes_back(fold(text)) is is_back


def test_slips_of_fingers_are_forgiven_and_other_words_are_not() -> None:
    """Two letters changed round, or one left out, inside words that rules look for."""
    assert fold("obirgado alguém do suprote, não cosigo") == "obrigado alguem do suporte , nao consigo"
    assert fold("algum resolve tente o mês meso") == "algum resolve tente o mes meso"
