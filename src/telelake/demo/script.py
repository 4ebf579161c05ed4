"""What is said in the made-up group: data only, in Brazilian Portuguese.

A question is written in full, with accents; `voice.py` makes it sloppy. ` | ` marks where a person may press Enter too
early and send two messages. `**…**` is bold and a backtick is code, in the answers only. Slots: {pedido} {valor}
{produto} {dia} {cidade} {cep} {codigo} {nome}.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Topic:
    """A subject that people ask about."""

    key: str
    weight: float
    asks: tuple[str, ...]
    human: tuple[str, ...]
    """What an attendant answers."""
    bot: tuple[str, ...] = ()
    """What the answering bot says; empty when it does not know the subject."""
    captions: tuple[str, ...] = ()
    """Captions of a screenshot or picture that asks the question."""


TOPICS: tuple[Topic, ...] = (
    Topic(
        "boleto",
        12,
        (
            "o boleto do pedido {pedido} não chegou no meu e-mail",
            "não recebi o boleto | como faço para pagar o pedido {pedido}?",
            "vocês podem mandar a segunda via do boleto de {valor}?",
            "meu boleto venceu {dia}, consigo gerar outro?",
            "cadê o boleto? comprei um {produto} e não veio nada no e-mail",
            "preciso da segunda via do boleto por favor, o pedido é {pedido}",
            "paguei o boleto {dia} e o pedido {pedido} continua aguardando pagamento",
            "o código de barras do boleto não está funcionando no meu banco",
            "quanto tempo demora para o boleto compensar? paguei {valor} {dia}",
            "o boleto veio com o valor errado, era {valor} | como corrige isso?",
            "dá para trocar o boleto por pix? o pedido {pedido} ainda não foi pago",
        ),
        (
            "Oi {nome}! Acabei de reenviar o boleto do pedido {pedido} para o seu e-mail. Confere o spam também, por favor.",
            "{nome}, gerei uma segunda via de {valor}, com vencimento em 2 dias. Já está na sua área de pedidos.",
            "Bom dia! O boleto leva até 2 dias úteis para compensar. Se passar disso me chama aqui 😉",
            "Verifiquei aqui, {nome}: o pagamento já caiu e o pedido {pedido} foi liberado.",
        ),
        (
            "**Segunda via do boleto** 📄\nAcesse https://lojaaurora.example/boleto e informe o número do pedido. O boleto chega por e-mail em até 10 minutos.",
            "O boleto pode levar até **2 dias úteis** para compensar. Para emitir a segunda via: https://lojaaurora.example/boleto",
        ),
        (
            "olha o boleto que veio, o valor está errado",
            "esse boleto não passa no banco",
            "comprovante do boleto do pedido {pedido}",
        ),
    ),
    Topic(
        "senha",
        9,
        (
            "esqueci minha senha e não consigo entrar na conta",
            "o e-mail de redefinição de senha não chega | já tentei umas três vezes",
            "como eu troco a senha do aplicativo?",
            "minha conta foi bloqueada depois de errar a senha, e agora?",
            "não lembro a senha nem o e-mail que usei no cadastro, como recupero?",
            "o link para redefinir a senha diz que expirou",
            "o código de verificação por SMS não chega no meu celular",
            "estou tentando fazer login e aparece senha inválida, mas a senha está certa",
            "como desbloqueia a conta? coloquei a senha errada muitas vezes",
        ),
        (
            "Oi {nome}, liberei seu acesso. Tente de novo com a opção “esqueci a senha” e use o link em até 30 minutos.",
            "{nome}, me chama no privado com o e-mail do cadastro, por favor. Não mande a senha aqui no grupo!",
            "O SMS estava com atraso na sua operadora. Reenviei agora, veja se chegou.",
        ),
        (
            "**Esqueceu a senha?** 🔑\nToque em “Esqueci minha senha” em https://lojaaurora.example/entrar. O link vale por `30 minutos`.",
            "Para trocar a senha: Perfil → Segurança → **Alterar senha**. Nunca envie sua senha neste grupo.",
        ),
        ("aparece isso quando coloco a senha", "print do erro no login"),
    ),
    Topic(
        "entrega",
        14,
        (
            "meu pedido {pedido} está atrasado, era para chegar {dia}",
            "cadê minha entrega? o {produto} não chegou até agora",
            "comprei um {produto} e o rastreio não atualiza desde {dia}",
            "o código de rastreio {codigo} não funciona no site dos Correios",
            "a transportadora diz que entregou, mas eu não recebi nada | pedido {pedido}",
            "quando chega o pedido {pedido}? moro em {cidade}",
            "a entrega estava prevista para {dia} e ninguém dá notícia",
            "faz duas semanas que comprei o {produto} | e até agora nada de chegar",
            "o status está em separação desde {dia}, isso é normal?",
            "meu pacote está parado em {cidade} faz dias, o que aconteceu?",
            "o entregador veio {dia} e não tinha ninguém em casa, vão tentar de novo?",
            "qual o prazo de entrega para {cidade}? já era para ter chegado",
        ),
        (
            "{nome}, falei com a transportadora: o pedido {pedido} sai para entrega amanhã até as 18h.",
            "Oi {nome}! Houve atraso no centro de {cidade}. A nova previsão é de 2 dias úteis, desculpa pelo transtorno.",
            "Abri um chamado com a transportadora, protocolo {codigo}. Te dou retorno até amanhã, tá?",
            "Vi aqui que foi entregue na portaria. Consegue confirmar com o porteiro, {nome}?",
        ),
        (
            "📦 Acompanhe seu pedido em https://lojaaurora.example/rastreio com o código que enviamos por e-mail. O prazo conta em **dias úteis**.",
            "Pedidos podem levar até **24 h** para atualizar o rastreio. Consulte: https://lojaaurora.example/rastreio",
        ),
        ("o rastreio está assim desde {dia}", "print do rastreio, não sai disso", "chegou a caixa toda amassada"),
    ),
    Topic(
        "troca",
        8,
        (
            "como faço para trocar o {produto}? veio no tamanho errado",
            "recebi o produto errado, pedi um {produto} e veio outra coisa",
            "quero trocar a cor do {produto}, ainda dá tempo?",
            "o {produto} veio com defeito | quero trocar por outro",
            "quantos dias eu tenho para fazer a troca?",
            "quem paga o frete da troca? o {produto} não serviu",
            "já mandei o {produto} de volta e até agora não recebi o novo",
            "posso trocar na loja física de {cidade}?",
            "veio faltando uma peça no {produto}, vocês trocam?",
        ),
        (
            "{nome}, já gerei o código de postagem `{codigo}`. É só levar em qualquer agência dos Correios em até 7 dias.",
            "Pode trocar sim! São 30 dias a partir do recebimento e a primeira troca é por nossa conta.",
            "Me manda uma foto da etiqueta, {nome}, que eu abro a troca agora mesmo.",
        ),
        (
            "🔁 **Trocas em até 30 dias.** Abra a solicitação em https://lojaaurora.example/trocas e imprima a etiqueta.",
        ),
        ("veio assim, quero trocar", "olha o defeito do {produto}", "não foi esse que eu pedi"),
    ),
    Topic(
        "nota_fiscal",
        6,
        (
            "preciso da nota fiscal do pedido {pedido}",
            "a nota fiscal não veio junto com o {produto}, como consigo?",
            "tem como emitir a nota no CNPJ da empresa? | pedido {pedido}",
            "a nota fiscal saiu com o CPF errado",
            "onde eu baixo a nota fiscal em PDF?",
            "meu nome está errado na nota fiscal, dá para corrigir?",
            "preciso do XML da nota do pedido {pedido} para a contabilidade",
        ),
        (
            "{nome}, a nota do pedido {pedido} foi enviada para o seu e-mail agora, em PDF e XML.",
            "A correção da nota leva 1 dia útil. Já pedi ao fiscal, {nome}.",
            "Para sair no CNPJ precisa ser antes do faturamento. Neste caso consigo uma carta de correção, pode ser?",
        ),
        ("🧾 A nota fiscal fica em **Meus pedidos → Detalhes → Nota fiscal**: https://lojaaurora.example/notas",),
    ),
    Topic(
        "cupom",
        8,
        (
            "o cupom AURORA10 não está funcionando no carrinho",
            "tem algum cupom de desconto para primeira compra?",
            "coloquei o cupom e o desconto não aparece | o total ficou {valor}",
            "o cupom que recebi por e-mail diz que já foi usado, mas eu não usei",
            "esse cupom vale para o {produto}?",
            "o cupom de frete grátis expirou {dia}, vocês renovam?",
            "posso usar dois cupons na mesma compra?",
            "cadê o cupom de aniversário? não recebi",
        ),
        (
            "Oi {nome}! Esse cupom só vale acima de R$ 150. Te passo outro no privado 😉",
            "O cupom tinha expirado, {nome}, mas liberei de novo até domingo. Aproveita!",
            "Só dá para usar um cupom por compra. O desconto do pix soma automaticamente.",
        ),
        (
            "🎟️ O cupom é digitado na **última tela** do carrinho e não soma com outras promoções. Regras: https://lojaaurora.example/cupons",
            "Primeira compra? Use `BEMVINDO10` e ganhe 10% de desconto.",
        ),
        ("olha, o cupom não entra", "diz que o cupom é inválido"),
    ),
    Topic(
        "pix",
        10,
        (
            "fiz o pix de {valor} e o pedido {pedido} não foi aprovado",
            "paguei no pix e continua aparecendo aguardando pagamento",
            "o QR code do pix expirou antes de eu pagar | como gero outro?",
            "fiz o pix duas vezes sem querer, vocês devolvem?",
            "qual é a chave pix da loja?",
            "o pix deu erro no meu banco, mas o dinheiro saiu da conta",
            "caiu o pix de {valor}? mandei {dia}",
            "pix copia e cola não funciona no aplicativo do meu banco",
            "cadê o estorno do pix? cancelei o pedido {pedido} {dia}",
        ),
        (
            "{nome}, localizei o pix de {valor}. O pedido {pedido} já foi aprovado ✅",
            "O pix duplicado volta sozinho em até 1 dia útil, {nome}. Qualquer coisa me avisa.",
            "Me envia o comprovante, por favor? Vou verificar com o financeiro.",
        ),
        (
            "💠 O pix é aprovado em até **30 minutos**. O QR code vale por 1 hora; para gerar outro: https://lojaaurora.example/pix",
            "Pix em duplicidade é devolvido automaticamente em até **1 dia útil**.",
        ),
        ("comprovante do pix de {valor}", "o pix saiu da conta, olha", "deu esse erro no pix"),
    ),
    Topic(
        "cancelamento",
        8,
        (
            "quero cancelar o pedido {pedido}",
            "como cancelo a compra? desisti do {produto}",
            "cancelei o pedido {dia} e o dinheiro não voltou | quando cai o estorno?",
            "cobraram {valor} no cartão de um pedido cancelado",
            "dá para cancelar só um item do pedido {pedido}?",
            "o botão de cancelar não aparece para mim",
            "comprei errado, quero cancelar antes de enviar",
            "quanto tempo demora o reembolso no cartão de crédito?",
        ),
        (
            "Cancelado, {nome}. O estorno de {valor} aparece em até duas faturas.",
            "{nome}, o pedido {pedido} já saiu. Pode recusar na entrega que a gente estorna tudo.",
            "Pedi o estorno agora ao financeiro. No cartão pode levar até 2 faturas, no pix é no mesmo dia.",
        ),
    ),
    Topic(
        "app",
        9,
        (
            "o aplicativo trava quando abro o carrinho",
            "o app fecha sozinho depois da última atualização",
            "aparece erro 500 quando tento finalizar a compra no app",
            "o aplicativo não abre no meu celular | é um Android meio antigo",
            "a tela fica branca quando clico em pagar",
            "não consigo colocar foto no meu perfil pelo app, dá erro",
            "o app não manda notificação do pedido {pedido}",
            "atualizei o aplicativo e sumiu meu carrinho",
            "vocês têm aplicativo para iPhone? não acho na loja",
        ),
        (
            "{nome}, limpa o cache do app e atualiza para a versão 4.2.1, por favor. Se continuar me avisa o modelo do celular.",
            "É um erro conhecido no Android 9. A correção sai amanhã; enquanto isso dá para comprar pelo site.",
            "Consegue mandar um print da tela, {nome}? Vou passar ao time técnico.",
        ),
        (
            "📱 Feche o aplicativo, atualize para a **versão 4.2.1** e abra de novo. Passo a passo: https://lojaaurora.example/app",
        ),
        ("fica nessa tela e trava", "deu esse erro no app", "print da tela branca", "olha o erro 500"),
    ),
    Topic(
        "frete",
        7,
        (
            "quanto fica o frete para {cidade}? CEP {cep}",
            "por que o frete do {produto} está tão caro?",
            "tem frete grátis acima de qual valor?",
            "o frete subiu de um dia para o outro | estava bem menos {dia}",
            "vocês entregam em {cidade}?",
            "o site não calcula o frete para o CEP {cep}",
            "dá para retirar na loja e não pagar frete?",
        ),
        (
            "{nome}, para {cidade} fica em {valor} e chega em 6 dias úteis.",
            "O frete grátis é para compras acima de R$ 199, menos móveis grandes.",
            "O CEP {cep} estava fora da tabela, já corrigimos. Tenta de novo?",
        ),
        ("🚚 **Frete grátis** acima de R$ 199 para Sul e Sudeste. Calcule pelo CEP na página do produto.",),
    ),
    Topic(
        "endereco",
        6,
        (
            "preciso mudar o endereço de entrega do pedido {pedido}",
            "coloquei o número da casa errado, como altero?",
            "me mudei para {cidade} | dá para entregar no endereço novo?",
            "o CEP saiu errado no pedido, o certo é {cep}",
            "como cadastro outro endereço no site?",
            "pode entregar no meu trabalho em vez de casa? pedido {pedido}",
        ),
        (
            "{nome}, alterei o endereço do pedido {pedido}. Confere na sua conta se ficou certo.",
            "Já saiu para entrega, {nome}. Vou tentar com a transportadora, mas não garanto.",
            "Me passa o endereço completo no privado, por favor.",
        ),
    ),
    Topic(
        "garantia",
        6,
        (
            "o {produto} parou de funcionar com dois meses, tem garantia?",
            "como aciono a garantia do {produto}?",
            "onde fica a assistência técnica em {cidade}?",
            "a garantia estendida que comprei não aparece no pedido {pedido}",
            "o {produto} está fazendo um barulho estranho | a garantia cobre?",
            "a assistência está com meu {produto} desde {dia} e não dá resposta",
        ),
        (
            "{nome}, a garantia é de 12 meses. Abri o chamado {codigo} na assistência de {cidade}.",
            "Cobre sim! Leva com a nota fiscal na assistência autorizada, eles já têm o seu chamado.",
            "Cobrei a assistência hoje, {nome}. A peça chega até sexta.",
        ),
        (),
        ("o {produto} ficou assim com dois meses de uso", "isso entra na garantia?"),
    ),
    Topic(
        "cartao",
        6,
        (
            "meu cartão foi recusado na hora de pagar, mas tem limite",
            "cobraram duas vezes {valor} no meu cartão de crédito",
            "dá para parcelar o {produto} em quantas vezes sem juros?",
            "apareceu uma cobrança de {valor} da loja que eu não reconheço",
            "posso pagar com dois cartões? | a compra deu {valor}",
            "o parcelamento veio com juros na fatura, estava sem juros no site",
        ),
        (
            "{nome}, a segunda cobrança é só uma pré-autorização e some em até 3 dias.",
            "Parcelamos em até 10x sem juros acima de R$ 300.",
            "Vou abrir uma contestação, {nome}. Me passa só os 4 últimos dígitos, no privado.",
        ),
        ("💳 Parcelamos em até **10x sem juros**. Cartão recusado? Confira os dados ou fale com o seu banco.",),
    ),
    Topic(
        "pontos",
        4,
        (
            "meus pontos do clube Aurora sumiram",
            "como uso os pontos do programa de fidelidade?",
            "comprei um {produto} e os pontos não entraram",
            "os pontos vencem quando? | tinha uns 800 acumulados",
            "dá para transferir os pontos para outra pessoa?",
        ),
        (
            "{nome}, os pontos entram 7 dias depois da entrega. Os seus caem {dia}.",
            "Ajustei aqui: seus pontos já voltaram para a conta.",
        ),
    ),
    Topic(
        "estoque",
        5,
        (
            "quando volta o {produto} para o estoque?",
            "tem o {produto} na cor preta?",
            "o {produto} aparece disponível, mas dá esgotado no carrinho",
            "vocês vão repor o {produto}? | queria dar de presente",
            "tem {produto} na loja de {cidade}?",
        ),
        (
            "{nome}, o {produto} volta na semana que vem. Clica em “avise-me” que você recebe um e-mail.",
            "Em {cidade} restam duas unidades. Quer que eu reserve?",
        ),
    ),
    Topic(
        "cadastro",
        4,
        (
            "quero excluir minha conta e meus dados",
            "como mudo o e-mail do meu cadastro?",
            "o site diz que meu CPF já está cadastrado, mas nunca comprei",
            "não consigo confirmar meu cadastro | o e-mail não chega",
            "parem de mandar e-mail de propaganda, como cancelo a newsletter?",
        ),
        (
            "{nome}, troquei o e-mail do cadastro. Você vai receber uma confirmação.",
            "O pedido de exclusão foi registrado, protocolo {codigo}. O prazo da LGPD é de 15 dias.",
        ),
        ("👤 Dados do cadastro são alterados em **Minha conta → Dados pessoais**: https://lojaaurora.example/conta",),
    ),
    Topic(
        "site_fora",
        0.3,
        (
            "o site caiu? não abre aqui",
            "o site está fora do ar para mais alguém?",
            "não consigo finalizar a compra, dá erro 503",
            "aparece serviço indisponível quando entro no site e no app",
            "está tudo fora do ar | tem previsão de volta?",
            "o site não carrega desde cedo, o que aconteceu?",
            "fui pagar o {produto} e o site saiu do ar, perdi o carrinho",
            "o pedido {pedido} sumiu da minha conta, o site está fora?",
        ),
        (
            "Estamos com uma instabilidade, {nome}. O time já está trabalhando nisso.",
            "Previsão de volta em 1 hora. Nenhum pedido foi perdido, fica tranquilo.",
            "Já voltou para parte dos clientes, {nome}. Tenta de novo daqui a pouco?",
        ),
        (),
        ("olha o erro que aparece no site", "erro 503 aqui", "site fora do ar"),
    ),
)

GREETINGS = (
    "oi", "olá", "bom dia", "boa tarde", "boa noite", "oi pessoal", "oi gente", "olá, tudo bem?", "bom dia, tudo bem?",
    "ei", "alô", "oii", "boa tarde pessoal", "opa", "fala pessoal", "oi, alguém pode me ajudar?", "bom dia a todos",
)  # fmt: skip
CLOSERS = (
    "por favor", "alguém me ajuda?", "obrigado", "obrigada", "desde já agradeço", "é urgente", "me ajudem", "aguardo",
    "preciso resolver isso hoje", "alguém sabe?", "não aguento mais",
)  # fmt: skip
AGAIN = (
    "de novo o mesmo problema: ", "voltei, porque continua: ", "ainda não resolveram: ", "mesma coisa da outra vez, ",
    "já falei sobre isso aqui e nada: ", "gente, de novo. ",
)  # fmt: skip
UNSURE = (
    "Desculpe, não entendi 🤔 Você pode escrever de outro jeito ou enviar /ajuda.",
    "Ainda não sei responder isso. Se preferir, digite **atendente** e aguarde.",
    "Não encontrei uma resposta. Tente /ajuda ou espere um de nossos atendentes.",
)
THANKS = (
    "obrigado!", "obrigada!", "muito obrigado", "valeu", "valeu demais", "deu certo, obrigada", "resolvido, obrigado!",
    "show, deu certo", "perfeito, obrigada 🙏", "consegui, valeu!", "beleza, obrigado", "ótimo, era isso mesmo",
    "agora foi! 🎉", "maravilha, muito obrigada pela ajuda", "ok, obrigado",
)  # fmt: skip
NOT_SOLVED = (
    "não resolveu", "não foi isso que eu perguntei", "já fiz isso e não funcionou", "continua igual", "não ajudou nada",
    "esse link não abre aqui", "isso eu já sabia, quero saber do pedido {pedido}", "não era isso 😕", "fiz tudo e nada",
    "esse robô não entende nada",
)  # fmt: skip
WANT_HUMAN = (
    "quero falar com um atendente", "tem algum atendente aí?", "alguém de verdade pode me responder?",
    "prefiro falar com uma pessoa", "atendente por favor", "não quero falar com robô, quero um atendente",
    "como falo com um humano?", "chama um atendente por favor", "@AuroraBot atendente",
)  # fmt: skip
IMPATIENT = (
    "alguém?", "e aí, alguém responde?", "estou esperando faz horas", "oi??", "ninguém responde aqui?", "continuo sem resposta",
    "vou reclamar no Procon #descaso", "péssimo atendimento 😡 #lojaaurora", "nunca mais compro aqui", "cadê o suporte?",
    "que demora 🙄", "@AuroraBot você está aí?",
)  # fmt: skip
MORE = (
    "entendi, mas quanto tempo demora?", "já conferi e não tem nada", "o pedido é o {pedido}", "o CPF já está atualizado",
    "é {cidade} mesmo", "pode verificar de novo?", "e se não chegar até {dia}?", "foi no site mesmo", "mandei no privado",
    "certo, vou esperar", "meu e-mail é o mesmo do cadastro",
)  # fmt: skip
FOLLOW = (
    "Verifiquei aqui, {nome}, está tudo certo agora.", "Pode deixar, {nome}. Te aviso assim que tiver retorno.",
    "Entendi. Vou passar para o setor responsável, protocolo `{codigo}`.", "No máximo 2 dias úteis, {nome}.",
    "Recebi, obrigada! Já estou vendo.", "Prontinho! Qualquer dúvida é só chamar 💜", "Feito, {nome} ✅",
    "Confere em https://lojaaurora.example/pedidos/{pedido}, por favor.", "Se precisar escreva para sac@lojaaurora.example 🙂",
)  # fmt: skip
CHAT = (
    "bom dia!", "bom dia grupo ☀️", "boa noite pessoal", "kkkkk", "kkkkkkkkk", "rsrs", "alguém viu o jogo ontem?",
    "que calor hoje", "bom dia, pessoal! ótima semana", "sextou 🎉", "verdade kkk", "também acho", "comigo foi igual",
    "aqui chegou antes do prazo", "gostei muito do {produto}, recomendo", "alguém já comprou o {produto}? é bom?",
    "boa sorte 😂", "amém", "concordo", "chove muito em {cidade} hoje", "feliz aniversário para quem faz hoje 🎂",
    "o atendimento aqui melhorou bastante", "a promoção de {dia} estava ótima #promo", "eu comprei e adorei 😍",
    "quem mais é de {cidade}?", "#bomdia gente 💜", "kkkkk pois é", "👏👏👏", "tô só olhando", "boa tarde",
)  # fmt: skip
CHAT_REPLIES = (
    "kkkkk", "verdade", "bom dia! 😊", "também acho", "sim", "nem me fale", "aqui também", "👍", "😂😂", "pois é",
    "com certeza", "boa!", "gostei também", "por aqui tudo certo", "bom dia flor do dia 🌻",
)  # fmt: skip
SHARES = (
    "olhem essa promoção: https://lojaaurora.example/ofertas/{pedido}",
    "😍 achei barato https://lojaaurora.example/p/{pedido} alguém já tem?",
    "saiu no blog da loja: https://lojaaurora.example/blog #dica",
    "o {produto} está por {valor} 🔥 https://lojaaurora.example/p/{pedido} #promo #lojaaurora",
    "quem precisar, o e-mail deles é sac@lojaaurora.example",
)
SPAM = (
    "💰 Ganhe dinheiro sem sair de casa! Chama: https://renda-extra.example/{codigo} 🚀",
    "🔥🔥 iPhone por R$ 99 só hoje https://promo-falsa.example/{codigo}",
)
COMMANDS = (
    (("/start", "/start@AuroraBot"), ("Olá! Sou o assistente da Loja Aurora 💜 Escreva sua dúvida ou envie /ajuda.",)),
    (
        ("/ajuda", "/ajuda@AuroraBot", "/help"),
        (
            "Posso ajudar com: boleto, senha, entrega, troca, nota fiscal, cupom, pix e frete. Escreva sua dúvida 🙂",
            "**Comandos:** /ajuda, /status, /boleto, /atendente",
        ),
    ),
    (
        ("/status@AuroraBot", "/status@AuroraBot {pedido}", "/status {pedido}"),
        (
            "O pedido **{pedido}** está em transporte. Previsão: 3 dias úteis. Detalhes: https://lojaaurora.example/rastreio",
        ),
    ),
    (("/boleto@AuroraBot", "/boleto {pedido}"), ("📄 Segunda via: https://lojaaurora.example/boleto",)),
    (("/atendente",), ("Certo! Um atendente responde aqui no grupo assim que puder 👩",)),
)
"""Ways to give a command, and what the bot answers."""
FORWARDED = (
    "⚡ Oferta relâmpago: {produto} por {valor} até meia-noite! https://lojaaurora.example/ofertas",
    "Seu pedido {pedido} foi postado. Código de rastreio: {codigo}",
    "Olha o que me responderam: o prazo para {cidade} é de 12 dias úteis",
    "Comunicado: nossas lojas de {cidade} fecham no feriado.",
)
EDIT_TAILS = (
    " (pedido {pedido})", " obrigado", " *corrigindo", ", já mandei e-mail também", " (moro em {cidade})", "!!", " por favor",
    " editado: resolveu, pode ignorar", " 🙏",
)  # fmt: skip
NOTICES = (
    "⚠️ **Instabilidade no site e no app.** Nossa equipe já está trabalhando. Acompanhe em https://status.lojaaurora.example #instabilidade",
    "✅ **Tudo normalizado!** O site e o aplicativo voltaram. Desculpem o transtorno 💜 #instabilidade",
    "📌 **Regras do grupo:** não envie senha nem documento. Dúvidas? /ajuda ou sac@lojaaurora.example",
)
POLLS = (
    ("Como você avalia o atendimento desta semana?", ("Ótimo 😍", "Bom", "Regular", "Ruim")),
    ("Qual forma de pagamento você mais usa?", ("Pix", "Cartão", "Boleto")),
    ("Qual produto deve entrar em promoção?", ("Fone", "Cafeteira", "Tênis", "Mochila")),
)
QUERIES = ("boleto", "rastreio", "cupom", "frete grátis", "troca", "nota fiscal", "garantia", "horário", "pix")
BUTTONS = (
    ("📦 Meu pedido", "menu:pedido"), ("📄 Boleto", "menu:boleto"), ("🔁 Troca", "menu:troca"),
    ("👩 Atendente", "menu:atendente"), ("⭐ Avaliar", "nota:5"),
)  # fmt: skip
REACTIONS = ("👍", "👍", "👍", "❤", "🙏", "👏", "🔥", "😁", "👎", "😢")
STICKERS = ("😂", "👍", "❤️", "😭", "🙏", "😡", "🎉")

PRODUCTS = (
    "fone de ouvido", "tênis", "celular", "liquidificador", "notebook", "relógio", "vestido", "aspirador", "casaco",
    "videogame", "monitor", "sofá", "colchão", "ventilador", "teclado", "perfume", "micro-ondas", "tablet", "carregador",
    "jogo de panelas",
)  # fmt: skip
CITIES = (
    "Recife", "São Paulo", "Belo Horizonte", "Curitiba", "Salvador", "Fortaleza", "Manaus", "Goiânia", "Campinas", "Belém",
    "Porto Alegre", "Natal", "Florianópolis", "Cuiabá", "Niterói", "Uberlândia", "Maceió", "Juiz de Fora", "Londrina",
)  # fmt: skip
DAYS = (
    "ontem", "segunda", "terça", "quarta", "quinta", "sexta", "sábado", "na semana passada", "anteontem", "no dia 5",
    "no dia 10", "no dia 20", "dia 15",
)  # fmt: skip
FIRST_NAMES_F = (
    "Ana", "Maria", "Juliana", "Fernanda", "Patrícia", "Camila", "Letícia", "Beatriz", "Larissa", "Aline", "Vanessa",
    "Débora", "Luciana", "Sônia", "Tatiane", "Rafaela", "Gabriela", "Isabela", "Jéssica", "Cláudia", "Rosângela", "Helena",
    "Yasmin", "Priscila", "Raquel", "Simone", "Vitória", "Mônica", "Elaine", "Conceição",
)  # fmt: skip
FIRST_NAMES_M = (
    "João", "José", "Carlos", "Paulo", "Lucas", "Pedro", "Rafael", "Felipe", "Marcos", "Bruno", "Gustavo", "Thiago",
    "André", "Luís", "Rodrigo", "Diego", "Vinícius", "Matheus", "Leandro", "Antônio", "Caio", "Sérgio", "Fábio", "Igor",
    "Wesley", "Edson", "Márcio", "Renato", "Otávio", "Raimundo",
)  # fmt: skip
LAST_NAMES = (
    "Silva", "Santos", "Oliveira", "Souza", "Lima", "Pereira", "Ferreira", "Costa", "Rodrigues", "Almeida", "Nascimento",
    "Araújo", "Ribeiro", "Carvalho", "Gomes", "Martins", "Rocha", "Barbosa", "Moura", "Cavalcanti", "Dias", "Teixeira",
    "Correia", "Freitas", "Conceição", "Assunção", "Brandão", "Leitão", "Peixoto", "Falcão",
)  # fmt: skip
EMOJIS = (" 🌻", " ✨", " 💜", " ⚽", " 🐱")
