"""The development part: what is said around questions. Rules may be written looking at it."""

from __future__ import annotations

from telelake.demo.wordings.development_questions import SUBJECTS
from telelake.demo.wordings.model import Wordings

DEVELOPMENT = Wordings(
    name="development",
    subjects=SUBJECTS,
    greetings=(
        "oi", "olá", "bom dia", "boa tarde", "boa noite", "oi pessoal", "oi gente", "olá, tudo bem?",
        "bom dia, tudo bem?", "ei", "alô", "oii", "boa tarde pessoal", "opa", "fala pessoal",
        "oi, alguém pode me ajudar?", "bom dia a todos", "bom diaa", "e aí gente", "oi, boa noite", "olá a todos",
    ),
    closers=(
        "por favor", "alguém me ajuda?", "obrigado", "obrigada", "desde já agradeço", "é urgente", "me ajudem",
        "aguardo", "preciso resolver isso hoje", "alguém sabe?", "não aguento mais", "alguém pode me ajudar?",
        "me responde por favor",
    ),
    again=(
        "de novo o mesmo problema: ", "voltei, porque continua: ", "ainda não resolveram: ",
        "mesma coisa da outra vez, ", "já falei sobre isso aqui e nada: ", "gente, de novo. ", "oi, eu de novo. ",
        "continua a mesma coisa: ",
    ),
    unsure=(
        "Desculpe, não entendi 🤔 Você pode escrever de outro jeito ou enviar /ajuda.",
        "Ainda não sei responder isso. Se preferir, digite **atendente** e aguarde.",
        "Não encontrei uma resposta. Tente /ajuda ou espere um de nossos atendentes.",
    ),
    thanks=(
        "obrigado!", "obrigada!", "muito obrigado", "valeu", "valeu demais", "deu certo, obrigada",
        "resolvido, obrigado!", "show, deu certo", "perfeito, obrigada 🙏", "consegui, valeu!", "beleza, obrigado",
        "ótimo, era isso mesmo", "agora foi! 🎉", "maravilha, muito obrigada pela ajuda", "ok, obrigado",
        "[obrigado|obrigada|valeu] pela [ajuda|atenção|resposta]",
        "[deu certo|funcionou|resolveu|consegui] [aqui|], [obrigado|obrigada|valeu]",
        "[chegou|caiu|apareceu] aqui, [obrigado|obrigada]", "entendi, [obrigado|obrigada]",
        "ah sim, [valeu|obrigado|obrigada]", "thanks!", "gracias!", "❤️ obrigada", "👍", "blz, valeu", "resolvido",
    ),
    not_solved=(
        "não resolveu", "não foi isso que eu perguntei", "já fiz isso e não funcionou", "continua igual",
        "não ajudou nada", "esse link não abre aqui", "isso eu já sabia, quero saber do pedido {pedido}",
        "não era isso 😕", "fiz tudo e nada", "esse robô não entende nada",
        "[continua|segue] [sem funcionar|com o mesmo erro|do mesmo jeito]",
        "[não deu certo|não funcionou] [não|aqui|]", "[tentei|fiz] isso e [deu o mesmo erro|nada]",
    ),
    sarcasm=(
        "parabéns pelo atendimento, hein 👏", "nossa, que rapidez, só três dias", "ótimo, mais uma semana esperando 🙃",
        "valeu por nada", "obrigado por não ajudar", "que maravilha de loja, hein",
        "nota 10 para o suporte... só que não", "show de atendimento kkkk",
    ),
    want_human=(
        "quero falar com um atendente", "tem algum atendente aí?", "alguém de verdade pode me responder?",
        "prefiro falar com uma pessoa", "atendente por favor", "não quero falar com robô, quero um atendente",
        "como falo com um humano?", "chama um atendente por favor", "@AuroraBot atendente",
        "[quero|preciso|gostaria de] falar com [um atendente|um humano|uma pessoa|alguém]",
        "me passa para um [atendente|humano]", "[chama|chamem] [um humano|uma pessoa|alguém da loja] [por favor|aí|]",
    ),
    impatient=(
        "alguém?", "e aí, alguém responde?", "estou esperando faz horas", "oi??", "ninguém responde aqui?",
        "continuo sem resposta", "vou reclamar no Procon #descaso", "péssimo atendimento 😡 #lojaaurora",
        "nunca mais compro aqui", "cadê o suporte?", "que demora 🙄", "@AuroraBot você está aí?",
        "alguém pode me responder?", "[ainda|continuo] aguardando [resposta|um retorno|]", "up",
        "e a minha pergunta?",
    ),
    tell_more=(
        "já conferi e não tem nada", "o pedido é o {pedido}", "o CPF já está atualizado", "é {cidade} mesmo",
        "foi no site mesmo", "mandei no privado", "certo, vou esperar", "meu e-mail é o mesmo do cadastro",
        "{pedido}", "foi {dia}", "comprei pelo aplicativo", "sim, já tentei isso", "ok, mandei no privado",
    ),
    ask_more=(
        "entendi, mas quanto tempo demora?", "pode verificar de novo?", "e se não chegar até {dia}?",
        "mas isso é de graça?", "e por que não aparece na minha conta?", "tem outro jeito?", "qual privado?",
    ),
    solved_alone=(
        "[esquece|esqueçam|pode deixar|deixa], [já resolvi|consegui|já achei]",
        "[consegui|resolvi] [sozinho|sozinha|aqui], era só [atualizar a página|sair e entrar de novo|olhar o spam]",
        "já [descobri|achei], estava [no spam|na outra conta]",
        "gente, resolvido, [foi erro meu|eu que não tinha visto]", "ah, chegou agora, desconsiderem",
    ),
    solved_edits=(
        " editado: resolveu, pode ignorar", " (já resolvi)", " edit: consegui, obrigado",
    ),
    ask_back=(
        "{nome}, qual é o número do pedido?", "Oi {nome}! Me passa o CPF do cadastro no privado, por favor?",
        "{nome}, consegue mandar um print da tela?", "Foi pelo site ou pelo aplicativo, {nome}?",
        "Em qual cidade, {nome}?", "Já tentou pelo computador, {nome}?",
    ),
    follow=(
        "Verifiquei aqui, {nome}, está tudo certo agora.", "Pode deixar, {nome}. Te aviso assim que tiver retorno.",
        "Entendi. Vou passar para o setor responsável, protocolo `{codigo}`.", "No máximo 2 dias úteis, {nome}.",
        "Recebi, obrigada! Já estou vendo.", "Prontinho! Qualquer dúvida é só chamar 💜", "Feito, {nome} ✅",
        "Confere em https://lojaaurora.example/pedidos/{pedido}, por favor.",
        "Se precisar escreva para sac@lojaaurora.example 🙂",
    ),
    peers=(
        "isso é no site, em minha conta", "manda no privado do atendente que eles resolvem",
        "[comigo|aqui] [foi igual, liguei e resolveram|resolveu saindo e entrando de novo]",
        "tem que falar com o banco", "demora mesmo, o meu levou uma semana",
        "acho que [só segunda|só em dia útil|é normal, espera mais um pouco]",
        "vai em ajuda no site que tem essa opção",
    ),
    me_too=(
        "aqui também", "[o meu|comigo] [também|está igual|é a mesma coisa]", "estou com o mesmo problema",
        "tô esperando também", "mais um com esse problema aqui", "eu também quero saber",
    ),
    chat=(
        "bom dia!", "bom dia grupo ☀️", "boa noite pessoal", "kkkkk", "kkkkkkkkk", "rsrs", "que calor hoje",
        "bom dia, pessoal! ótima semana", "sextou 🎉", "verdade kkk", "também acho", "comigo foi igual",
        "aqui chegou antes do prazo", "gostei muito do {produto}, recomendo", "boa sorte 😂", "amém", "concordo",
        "chove muito em {cidade} hoje", "feliz aniversário para quem faz hoje 🎂",
        "o atendimento aqui melhorou bastante", "a promoção de {dia} estava ótima #promo", "eu comprei e adorei 😍",
        "#bomdia gente 💜", "kkkkk pois é", "👏👏👏", "tô só olhando", "boa tarde",
        "[chegou|recebi] [meu|o] {produto} [hoje|ontem|agora], [amei|adorei|muito bom]",
        "[boa|ótima] [semana|tarde|sexta] [a todos|gente|pessoal]", "hoje o dia está corrido",
        "fiz o pix do bolão kkkk", "esqueci a senha do wifi de casa kkk", "o carteiro daqui é uma figura",
    ),
    chat_replies=(
        "kkkkk", "verdade", "bom dia! 😊", "também acho", "sim", "nem me fale", "aqui também", "👍", "😂😂", "pois é",
        "com certeza", "boa!", "gostei também", "por aqui tudo certo", "bom dia flor do dia 🌻",
    ),
    social_questions=(
        "alguém viu o jogo ontem?", "quem mais é de {cidade}?", "tudo bem com vocês?",
        "todo mundo animado para sexta?", "quem aí vai viajar no feriado?", "já almoçaram?",
        "será que chove hoje em {cidade}?", "vocês viram a novela ontem?", "tudo bem, gente?", "kkkk sério?",
    ),
    stray_thanks=(
        "obrigado a todos pela ajuda de ontem", "valeu pessoal do grupo, vocês são demais",
        "obrigada pelo carinho de sempre 💜", "esse grupo ajuda muito, valeu",
    ),
    products=(
        "fone de ouvido", "tênis", "celular", "liquidificador", "notebook", "relógio", "vestido", "aspirador",
        "casaco", "videogame", "monitor", "sofá", "colchão", "ventilador", "teclado", "perfume", "micro-ondas",
        "tablet", "carregador", "jogo de panelas",
    ),
    short={
        "você": "vc", "vocês": "vcs", "que": "q", "porque": "pq", "não": "n", "também": "tb", "beleza": "blz",
        "muito": "mt", "quando": "qnd", "hoje": "hj", "obrigado": "obg", "obrigada": "obg", "está": "tá",
        "comigo": "cmg", "mensagem": "msg", "estou": "tô", "quanto": "qnto", "aplicativo": "app", "por favor": "pfv",
        "tudo": "td", "gente": "gnt", "para": "pra", "celular": "cel", "depois": "dps", "mesmo": "msm",
    },
)  # fmt: skip
