"""The held-out part: what is said around questions; see `held_out_questions.py`."""

from __future__ import annotations

from telelake.demo.wordings.held_out_questions import SUBJECTS
from telelake.demo.wordings.model import Wordings

HELD_OUT = Wordings(
    name="held_out",
    subjects=SUBJECTS,
    greetings=(
        "salve", "salve galera", "e aê", "boaa noite", "bom dia, tudo joia?", "bom dia flores", "opa, beleza?", "oie",
        "hey", "fala galera", "boa noite a todos", "olá equipe", "com licença", "licença, pessoal",
        "boa tarde, alguém online?", "bdia", "bom dia moça", "hola", "hello",
    ),
    closers=(
        "me deem uma luz", "tô perdida", "socorro", "quem puder responder agradeço", "fico no aguardo",
        "urgente gente", "grato desde já", "pf", "responde aí vai", "alguém sabe informar?",
        "já não sei mais o que fazer", "please",
    ),
    again=(
        "lá vou eu outra vez: ", "terceira vez que escrevo: ", "sigo na mesma: ", "oi, lembram de mim? ",
        "não adiantou nada aquilo, ", "repetindo porque continua: ", "mesma história de {dia}: ",
    ),
    unsure=(
        "Hum, isso eu ainda não aprendi 😅 Tente com outras palavras.",
        "Não tenho certeza do que você precisa. Escolha um assunto em /ajuda ou peça um **especialista**.",
        "Puxa, fiquei sem resposta para essa.",
    ),
    thanks=(
        "gratidão!", "tmj", "top demais", "era isso, [brigadão|brigadona]", "agradecido", "agradecida",
        "[salvou|me salvou] [demais|aqui]", "ufa, [foi|entrou|deu]", "perfeito", "era exatamente isso",
        "[ai que alívio|que bom], [brigada|vlw]", "Deus abençoe", "show de bola", "vc é um anjo",
        "[rolou|foi de primeira], [agradeço|vlw mesmo]", "muito grato pela paciência",
        "tá aqui na minha mão já, brigada", "beleza, [fico mais tranquila|tranquilo então]", "👏👏 arrasou", "🙌", "ty!",
        "muchas gracias", "thank you so much", "10/10", "obrigadíssima", "certinho agora",
    ),
    not_solved=(
        "[na mesma|tudo na mesma]", "[nada feito|nadica de nada]", "não adiantou",
        "já tinha tentado antes de perguntar né", "vc nem leu o que escrevi", "esse caminho nem existe aqui",
        "negativo, persiste", "[não é|num é] disso que tô falando", "o link dá página não encontrada", "piorou agora",
        "resposta pronta não me serve",
    ),
    sarcasm=(
        "nossa, super eficientes vcs 🙄", "uau, que agilidade", "adorei esperar a manhã toda",
        "medalha pra quem fez esse robô", "top, vou esperar sentada", "amo ser ignorada",
        "gratidão por me fazer perder o dia", "tô até emocionado com tanta atenção",
    ),
    want_human=(
        "tem gente de carne e osso aí?", "alguém que não seja máquina, por favor",
        "me transfere pra [uma pessoa|alguém do time|o setor]", "[cadê|tragam] o responsável",
        "me liga alguém da loja", "passa pra um colega aí", "desisto do robozinho, [cadê os atendentes|quero gente]",
        "can I talk to a person?", "necesito hablar con una persona",
    ),
    impatient=(
        "helooou", "tem alguém vivo aí?", "vou abrir reclamação no consumidor.gov", "três horas e nada 😤", "✋",
        "sigo no vácuo", "alôô suporte", "não vão me responder né", "grilos...", "que descaso com cliente",
        "tô plantado aqui", "bump",
    ),
    tell_more=(
        "a compra é a {pedido}", "segue: {pedido}", "sou de {cidade}", "já olhei na caixa de spam, nada",
        "foi pelo computador", "paguei {dia}", "te chamei no pv", "mandei lá", "já reiniciei duas vezes",
        "o nome tá igual no documento", "beleza, aguardo então", "final {pedido}",
    ),
    ask_more=(
        "e isso cai quando?", "tá, mas pago alguma coisa por isso?", "e onde clico pra ver?", "certeza que dá?",
        "qual dos dois eu escolho?", "vcs avisam quando sair?",
    ),
    solved_alone=(
        "[ignora|ignorem], [deu aqui|já foi]",
        "[falha|lerdeza] minha, tava [olhando a compra errada|com o caps lock ligado]",
        "acabou de chegar, [podem esquecer|cancela a pergunta] kkk",
        "achei [sozinho|sozinha], ficava [lá embaixo|em outro menu]",
        "nem precisa mais, [resolveu do nada|voltou sozinho]",
    ),
    solved_edits=(
        " (ATUALIZAÇÃO: já deu)", " ps: achei, valeu", " edit: tudo certo agora",
    ),
    ask_back=(
        "{nome}, me informa a compra e o titular, por gentileza?", "Aparece alguma mensagem na tela, {nome}?",
        "{nome}, qual aparelho você usa?", "Quando foi feita a compra, {nome}?",
        "Pode me chamar no privado com seus dados, {nome}?",
    ),
    follow=(
        "Tudo certo por aqui, {nome}, encaminhado.", "Deixei registrado com prioridade, {nome}: `{codigo}`.",
        "Atualizado! Qualquer novidade eu escrevo 😊",
        "{nome}, acompanha por https://lojaaurora.example/compras/{pedido}", "Resolvemos hoje ainda, combinado?",
        "Conferi com o setor, {nome}: está liberado ✅",
    ),
    peers=(
        "fala com a [Bia|Dalva] que ela desenrola", "[tenta|experimenta] de madrugada que funciona",
        "olha na parte de baixo da página inicial", "[normal|relaxa], uns dias e se ajeita",
        "é só [mandar mensagem no insta|abrir reclamação] que andam rapidinho", "eu fiz pelo telefone e deu",
        "precisa [confirmar o cadastro|atualizar o navegador] antes",
    ),
    me_too=(
        "somos dois", "[idem|same here]", "tô na mesma", "eu tb, que raiva", "entra na fila kkk",
        "aconteceu igualzinho com a minha irmã", "acompanhando",
    ),
    chat=(
        "bommm dia grupo", "partiu café ☕", "que frio hein", "kkkkkkkkkkk morri", "hahaha", "ameeei a promo de ontem",
        "minha gata adorou a caixa do {produto} 🐈", "feriadão chegando 🙌", "acabei de ganhar um {produto} da sogra",
        "vi um boleto voando na rua kkk", "final de mês é assim mesmo", "bora tomar um chopp em {cidade}",
        "hoje tem jogo", "meu filho trocou a senha da tv rs", "entrega de pizza é que é rápida",
        "cheguei agora no grupo", "vida que segue", "tá calor demais em {cidade}", "boa semana, família Aurora",
        "rsrsrs",
    ),
    chat_replies=(
        "hahaha", "né", "exato", "bem isso", "opaa", "bom diazão", "eita", "kkk boa", "🤣", "tô contigo", "amei",
        "isso aí", "concordo plenamente", "😍", "uhum", "coisa boa",
    ),
    social_questions=(
        "quem aí tá de férias?", "cês dormiram bem?", "alguém mais com preguiça hoje?", "já é sexta?",
        "quem vai no show em {cidade}?", "como estão?", "viram o eclipse?", "qual o time de vocês?", "bora?",
        "oi sumida, tudo certo?", "é sério isso kkk?",
    ),
    stray_thanks=(
        "gratidão a esse grupo lindo", "passando pra agradecer o povo daqui", "vocês do suporte merecem aumento",
        "feliz em fazer parte, brigadão",
    ),
    products=(
        "secador", "violão", "espelho", "roteador", "mouse", "tapete", "patinete", "berço", "purificador",
        "forno elétrico", "carrinho de bebê", "chinelo", "ferro de passar", "violino", "drone", "barbeador",
        "cobertor", "abajur", "guarda-roupa", "processador",
    ),
    short={
        "você": "cê", "vocês": "cês", "que": "qe", "porque": "pqe", "não": "ñ", "também": "tbm", "beleza": "belê",
        "muito": "mto", "quando": "qdo", "hoje": "oje", "está": "ta", "comigo": "cmgo", "estou": "to",
        "quanto": "qto", "por favor": "pf", "tudo": "tdo", "gente": "gent", "depois": "dpois", "mesmo": "memo",
        "cadê": "kd", "aqui": "aki", "alguém": "alguem", "compra": "cmpra", "já": "ja", "mais": "+", "com": "c/",
        "obrigada": "brigada", "obrigado": "brigado",
    },
)  # fmt: skip
