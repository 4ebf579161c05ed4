"""Made-up questions of a made-up shop's group: several things that people ask, each in wordings, typos, slang and accents."""

from __future__ import annotations

from telelake.talk.topics.fit import Asked

PT = {
    "entrega": """quando chega meu pedido? | cadê meu pedido que não chegou | meu pedido ainda n chegou | o pedido ta atrasado
        | PEDIDO ATRASADO, quando chega? | vcs sabem qdo chega o pedido | minha entrega está atrasada | entrega atrasadaaaa
        | a entrega do pedido não chegou | pedido nao xegou ainda | rastrear a entrega do meu pedido | onde vejo a entrega do pedido""",
    "boleto": """como pago o boleto? | o boleto venceu, como faço | segunda via do boleto | quero a 2a via do boleto por favor
        | boleto vencido, como pagar? | não recebi o boleto | nao recebi meu boleto esse mes | cadê o boleto
        | gerar boleto novo | boletto vencido | preciso do boleto pra pagar hj | manda o boleto pfv""",
    "senha": """esqueci minha senha | esqueci a senha do app | como troco a senha? | trocar senha do aplicativo | senha incorreta
        | a senha não funciona | senha n funciona no app | redefinir senha | quero redefinir minha senha | esqueçi a senha
        | perdi a senha, como redefinir | senha bloqueada no app""",
    "troca": """quero trocar o tamanho da camisa | a camisa ficou pequena, posso trocar? | troca de tamanho | camisa veio no tamanho errado
        | tamanho errado, como trocar a camisa | a camisa não serviu, tamanho pequeno | trocar camisa por tamanho maior
        | vcs trocam camisa? o tamanho ficou grande | camiza tamanho errado | troca da camisa pelo tamanho certo""",
    "reembolso": """como peço reembolso? | quero meu dinheiro de volta | quando cai o reembolso | reembolso não caiu na conta
        | reenbolso nao caiu | meu dinheiro não voltou, cadê o reembolso | pedi reembolso e o dinheiro não caiu
        | prazo do reembolso | qual o prazo pra cair o dinheiro do reembolso | reembolso do dinheiro demora""",
    "cupom": """o cupom não funciona | cupom de desconto inválido | cupom inválido no carrinho | tem cupom de desconto?
        | algum cupom de desconto hj? | desconto do cupom não entrou | cupon de desconto invalido | meu cupom de desconto expirou
        | como usar o cupom | o desconto do cupom sumiu do carrinho""",
}  # fmt: skip


def questions() -> list[tuple[str, str]]:
    """Return what was asked, and what it is about."""
    return [(" ".join(text.split()), about) for about, said in PT.items() for text in said.split("|")]


def asked() -> list[Asked]:
    """Return the questions, each of a person's own."""
    return [Asked(text, person) for person, (text, _) in enumerate(questions())]
