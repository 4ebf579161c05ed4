"""Forms of speech, as patterns over folded text: how people ask, thank, complain, greet, in Portuguese, English and Spanish.

No pattern names what a group talks about; those of problems and requests name what can happen to anything. Each is looked for in
a text with a space at both ends, but those that say otherwise.
"""

from __future__ import annotations

import re


def _any(*parts: str) -> re.Pattern[str]:
    """Return what finds whole words in a text with a space at both ends: a literal to begin with is what makes it quick."""
    return re.compile(" (?:" + "|".join(parts) + ")(?:(?= )|(?<= ))")


def _start(*parts: str) -> re.Pattern[str]:
    return re.compile(r"(?:" + "|".join(parts) + r")(?:(?![a-zñ'])|(?<= ))")


_FIRST = r"(?<=\A )"
_GAP = r"(?: [a-zñ']+){0,3}? "

GREETING = _any(
    r"(?:oi+e?|ol[ae]|opa|e ai|eai|eae|fala|salve|bom dia|boa tarde|boa noite|bom final de semana|bom fim de semana|boa semana"
    r"|bom descanso|bom domingo|bom feriado|tudo (?:bem|bom|certo|joia|otimo|tranquilo)(?: com (?:voce|voces|todos))?|como (?:vai|vao|esta|estao)"
    r"(?: (?:voce|voces|todos|tudo|as coisas))?|beleza|tranquilo|de boa|bem vind[oa]s?|seja bem vind[oa]|pessoal|gente|galera|turma|amigos|amigas|povo|time|equipe|todos|todas"
    r"|a todos|a todas|meus queridos|querid[oa]s?|senhores|grupo|ate (?:logo|mais|amanha|breve)|tchau|abracos?|bjs?|beijos?"
    r"|hello|hi|hey|hiya|good (?:morning|afternoon|evening|night|day)|how are you(?: all| doing| guys)?|what's up|everyone|everybody|guys|folks|all|team|there|bye|see you"
    r"|hola|buenas|buenos dias|buenas tardes|buenas noches|buen dia|que tal|como estas?|como estan|todo bien|a todos|chicos|chicas|amigos|adios|hasta luego)"
)
FILLER = re.compile(r"[^a-zñ0-9?]+")
TAG = re.compile(
    r"(?:^|[,.!] ?| )(?:ne|viu|ok|okay|certo|beleza|combinado|sabe|entendeu|hein|hem|fechado|tudo bem|pode ser|esta|esta bem|right|verdad|cierto|vale|no) ?\?(?: ?\?)*$"
)

HUMAN = _any(
    r"(?:falar|conversar|tratar|atendid[oa]|atendimento) (?:com|por)(?: um| uma| o| a| algum| alguma| os)? ?"
    r"(?:atendente|atendentes|human[oa]|pessoa|gente|operador|operadora|alguem do (?:suporte|time|atendimento)|alguem de verdade|ser humano|responsavel|gerente|suporte humano)",
    r"atendimento humano",
    r"(?:alguem|uma pessoa|gente) (?:de verdade|real|de carne e osso|da loja|da empresa|da equipe|do time|do suporte|do atendimento|responsavel)(?: (?:ai|aqui|por favor|pode|poderia|consegue|me|responde|responder|atende|atender|falar|ajudar|comigo))*[ !.?]*$",
    r"(?:nao quero|chega de|cansei de|sem ser)(?: mais)?(?: falar| conversar)?(?: com)?(?: o| um| esse| este)? (?:robo|bot|maquina|chatbot)",
    r"(?:quero|preciso|chama|chame|chamem|chamar|me passa|passa|passe|transfere|transfira|cade|tem)(?: de| para| algum| alguma)?(?: um| uma| o| a)? (?:atendente|human[oa]|operador|operadora|pessoa real|ser humano)",
    r"(?:talk|speak|chat) (?:to|with)(?: a| an| some| the)? ?(?:real )?(?:human|agent|person|someone|somebody|representative|operator|manager)",
    r"(?:human|live|real) (?:agent|support|person|being)",
    r"hablar con(?: un| una| el| la)? ?(?:humano|agente|persona|asesor|asesora|alguien|operador|responsable)",
    _FIRST + r"(?:human[oa]|atendente|agent|agente|operador|asesor)(?: (?:por favor|please))?[ !.?]*$",
)  # fmt: skip

_NO = r"(?:nao|no|nem|nunca|ainda nao|todavia no)"
DENIAL = _any(
    _NO + r" (?:me )?(?:resolveu|resolve|funcionou|funciono|deu certo|deu|adiantou|ajudou|ajuda em nada|foi dessa vez|mudou(?: nada)?|era isso|e isso|sirvio|resolvio|ayudo|rolou|deu em nada|surtiu|consegui(?: ainda)?)",
    r"(?:continua|continuo|continuam|segue|sigue|sigo|permanece|persiste)(?: a)?" + _GAP + r"?(?:mesm[oa]|igual|sem|erro|error|nao|com|dando|aparecendo|sin|travando|problema|no)",
    r"(?:continua|sigue) (?:igual|na mesma|nao|no)",
    r"ainda (?:nao|sem|da|dando|com|aparece|continua|esta)",
    r"(?:mesm[oa]|mismo|misma) (?:erro|problema|coisa|error|cosa|situacao)",
    r"(?:da|dando|deu|voltou)(?: o| a)?(?: mesm[oa])? (?:erro|problema) (?:de novo|novamente|outra vez)",
    r"(?:voltou|aconteceu|parou|quebrou|travou) (?:de novo|novamente|outra vez|a acontecer)",
    r"(?:de nada adiantou|nao adianta|fiz isso e|ja fiz isso|ja tentei isso|ja tentei$|tentei isso|tentei e|fiz e)",
    r"(?:fiz|tentei|segui)(?: tudo| isso| assim| todos os passos| o passo a passo| como (?:disse|falou|mandou))* e (?:nada|nao|continua|deu|da|segue)",
    r"(?:isso|essa|esse)(?: ai)?(?: eu)? (?:ja sei|ja sabia|ja fiz|ja vi|ja tentei)",
    r"nao (?:foi|era|e) (?:nada )?(?:isso|disso|esse|essa|o que)(?: que)?(?: eu)? (?:perguntei|pedi|queria|quis|quero|falei|preciso)",
    r"(?:robo|bot)(?: [a-z]+)? nao (?:entende|sabe|ajuda|resolve|serve)",
    r"nao (?:entendeu|respondeu)(?: a| o| minha| meu| nada)* ?(?:pergunta|duvida|problema|nada)",
    r"(?:did not|didn't|does not|doesn't|hasn't|has not|still not|not) (?:work|worked|working|help|helped|solve|solved|fix|fixed|it)",
    r"still (?:not|no|the same|happening|broken|failing|getting|doesn't|can't|have|having|the|isn't)",
    r"same (?:error|problem|issue|thing)",
    r"(?:no luck|nothing changed|ya lo intente|already tried|tried that)",
)  # fmt: skip
FROWN = re.compile("[👎😡😠🤬💩]")
"""Says that it did not help when there is little beside it; in a longer text it is a mood."""
OBJECTS = re.compile(
    r"(?:mas )?(?:esse|essa|isso|este|esta|ess[ae]s|nesse|nessa|ai|la|por ai|por la|that|this|eso|ese)(?: [a-zñ0-9]+){0,3} (?:nao|no|doesn't|isn't|didn't|does not) "
)
"""Objects to what was just said: "esse link não abre"."""
SOUR = _any(
    r"(?:so que nao|valeu por nada|(?:obrigad[oa]|gracias|thanks|parabens) por (?:nada|nao|nothing)|thanks for nothing|gracias por nada|que (?:beleza|maravilha|lindo|otimo)(?: de [a-z]+)?[ ,]+ ?(?:hein|ne)|(?:parabens|otimo|maravilha|show|excelente|perfeito|nota (?:10|dez)|top|linda?|bel[oa])[^?]*(?: hein| k+ | (?:so )?que nao|[🙃🙄😒😤😠😡])"
    r"|(?:otimo|perfeito|maravilha|que bom|legal|show) ,? ?(?:mais|outr[oa]|so) (?:um|uma|duas|dois|tres|dia|dias|semana|semanas|mes|espera|[0-9]+)|que (?:rapidez|eficiencia|agilidade)|[🙃🙄])"
)
"""Praise that is meant sour: neither thanks, nor said so plainly that it is a complaint."""

THANKS = _any(
    r"(?:muito |mt )?obrigad(?:o|a|ao|inho|inha|os|as|issimo)",
    r"(?:valeu+|agradec[a-z]+|gratidao|grat[oa]|thanks?(?: you)?|thank u|tks|gracias|agradezco|deus (?:te |lhe )?abencoe|cheers|appreciate[a-z]*)",
    r"(?:deu (?:super )?certo|deu boa|funcionou|funciono|resolveu|resolvido|resolvi|resolvio|resuelto|consegui|conseguimos|entendi|entendido|era isso(?: mesmo)?|isso mesmo|agora (?:foi|sim|deu|esta)|foi aqui|ajudou(?: muito| demais)?|esclarecido|tudo certo|deu tudo certo|ja (?:foi|deu|voltou|esta funcionando|recebi)|voltou a funcionar|voltou)",
    r"(?:perfeito|perfeita|perfecto|show(?: de bola)?|maravilha|otimo|excelente|top|massa|joia|sensacional|nota (?:10|dez)|dahora|salvou|me salvou|arrasou|genial|great|awesome|perfect|excellent|amazing|brilliant|worked|works now|solved|fixed|that did it|got it|that helped|ya (?:pude|funciona|quedo)|listo|fechou|ok|okay|certo|blz|beleza|bacana|legal)",
    "[👍🙏❤♥👏😊🙌💯🎉🤝😍🥰👌✅😘🤗💪🏆]",
)  # fmt: skip
SURE_THANKS = _any(
    r"(?:obrigad(?:o|a|ao|inho|inha|os|as)|valeu+|agradec[a-z]+|gratidao|thanks?|gracias|deu (?:super )?certo|funcionou|resolveu|resolvido|consegui|resolvio|solved|fixed|worked|agora (?:foi|sim|deu)|ajudou|me salvou)"
)  # fmt: skip
AHEAD = _any(
    r"desde ja", r"antecipad[a-z]+", r"in advance", r"de antemano", r"(?:agradeco|agradecemos)(?: muito)? (?:se|quem|a ajuda|qualquer|desde)",
    r"obrigad[oa] (?:se|a quem|quem)", r"thanks for (?:any|your) (?:help|time)",
)  # fmt: skip

CALL = re.compile(
    r"^(?:alguem|alguien|anyone|anybody|someone)?(?: ai| aqui| por aqui| there| here)?(?: (?:online|disponivel|acordado|bondoso|por favor))?(?: me)?"
    r" ?(?:pode|poderia|consegue|podem|podria|puede|can|could)?(?: por favor| me| please)?"
    r" ?(?:ajuda|ajudar|ajudem|me ajudar|ajude|help|help me|ayuda|ayudar|ayudarme|socorro|ajuda ai|uma ajuda|uma ajudinha|me ajudem|dar uma luz|uma luz|dar uma forca)?"
    r"(?: com uma duvida| numa duvida| em uma duvida| com isso| nisso| aqui| ai| me| with this| with something| por favor| please| com um problema)?[ ?!.,]*$"
)
HAS_DOUBT = re.compile(
    r"^(?:eu )?(?:estou com|tenho|tinha|surgiu|fiquei com|queria tirar|posso tirar|gostaria de tirar|preciso tirar|poderia tirar|tirar)(?: so| aqui)? (?:uma|umas|um|algumas|duas)?"
    r" ?(?:duvida|duvidas|pergunta|perguntas|duvidinha|problema|problemas|probleminha|questao)(?: rapida| aqui| simples| urgente)?[ ?!.,:]*$"
    r"|^(?:uma duvida|duvida|duvidas|pergunta|uma pergunta|posso (?:fazer|tirar) uma (?:pergunta|duvida)|i have a (?:quick )?question|quick question|question|tengo una (?:duda|pregunta))[ ?!.,:]*$"
    r"|^(?:alguem|alguien|anyone|anybody|somebody)(?: ai| aqui| online| sabe| viu| responde| pode responder| consegue| there| here| knows?| para ajudar| saberia| que saiba)*[ ?!.]*$"
    r"|^(?:up|alo|oi|ei|psiu|ninguem|ninguem sabe|ninguem responde|nobody|bump|cade|e ai|nada|nada ainda|alguma novidade|alguma resposta|algum retorno|novidades|any update|any news|help|socorro|sos)[ ?!.]*$"
    r"|^[? !.]*\?[? !.]*$"
)

_WAITING = (
    r"(?:cade|onde esta|onde estao|kd)(?: o| a| os| as| esse| essa)? ?(?:suporte|atendimento|atendentes?|resposta|respostas|retorno|equipe|responsavel|responsaveis|bot|robo|time|admin|adm|moderador|todo mundo)(?: daqui| desse grupo| do grupo| de voces| da loja| da empresa)?"
    r"|(?:e )?(?:a )?minha (?:pergunta|duvida|mensagem|solicitacao|resposta|situacao)(?: (?:ai|aqui|nada|ninguem responde|ninguem respondeu|ninguem viu|continua sem resposta))?"
    r"|(?:ninguem|nobody|nadie)(?: (?:me|vai|aqui|mais|para|ai|do suporte|pode|sabe|consegue|pra))* ?(?:responde|responder|respondeu|ajuda|ajudar|ajudou|atende|atender|fala nada|fala|ve|viu|le|leu|sabe|answers|replies|contesta)(?: (?:aqui|ai|mais|nada|nesse grupo|neste grupo|no grupo|nesse|neste|no|me|a gente|minha (?:mensagem|pergunta|duvida)))*"
    r"|(?:alguem|voces|voce|algum atendente|algum adm|anyone|somebody|alguien)(?: (?:ai|aqui|ainda|do suporte|por ai|por favor))*(?: (?:pode|poderia|podem|poderiam|vai|vao|consegue|can|could|puede))? ?(?:me |nos )?(?:responde|responder|respondam|responda|respondem|responderia|atende|atender|answer|reply|contesta|contestar|contestarme)(?: (?:me|aqui|ai|por favor|please|minha (?:pergunta|duvida|mensagem)|a minha (?:pergunta|duvida|mensagem)|isso))*"
    r"|(?:tem|ha|hay|is there|is)? ?(?:alguem|algum atendente|anyone|anybody|alguien)(?: (?:ai|aqui|online|on|acordado|vivo|there|here|de plantao|disponivel))+"
    r"|(?:voce|voces|vc|are you|you)(?: ainda)?(?: (?:esta|estao|estas|tem))? ?(?:ai|aqui|online|vivos?|me (?:ouve|ouvindo|ve|le)|ignorando|me ignorando|there)"
    r"|(?:alguma|algum|qualquer|any|tem)(?: alguma| algum)? (?:novidade|novidades|noticia|noticias|resposta|retorno|posicao|posicionamento|previsao|update|news)(?: (?:ai|aqui|sobre isso|disso|por favor|para mim|do meu caso|da minha (?:duvida|pergunta)))*"
    r"|(?:ainda |continuo |sigo |estou |to |still )*(?:estou |continuo |sigo )?(?:esperando|aguardando|no aguardo|sem resposta|sem retorno|waiting)(?: (?:ainda|aqui|ai|a|uma|um|resposta|respostas|retorno|posicao|alguem|ajuda|ha|faz|fazem|desde|ontem|hoje|cedo|horas|dias|dia|muito|tempo|manha|duas|tres|por|voces|voce|suporte|o|do|for|an|answer))*"
    r"|(?:vao|vai|voces vao|voce vai)(?: me)? (?:responder|ajudar|atender|demorar)(?: (?:quando|hoje|ou nao|muito|mais|ainda|me|ou|nao))*"
    r"|(?:que|quanta) demora(?: (?:para|em|de|pra) [a-z]+)?|(?:e ai|entao|hein|pessoal|gente|oi|alo|hello)(?: (?:e ai|nada|alguem|ninguem|pessoal|gente|alo|oi|cade))*|nada(?: ainda| de resposta| de retorno)?|up+|bump"
)
CHASE = re.compile(
    r"(?:@ [a-z0-9]+(?: _ [a-z0-9]+)* )?(?:[,.!?]+ )?(?:(?:e|e ai|entao|gente|pessoal|oi|alo|ola|mas|por favor|ue|poxa|nossa|socorro)(?: [,.!?]+)? )*(?:"
    + _WAITING
    + r")"
    r"(?: (?:por favor|please|ai|hein|gente|pessoal|poxa|obrigad[oa]|urgente|e urgente))*(?: [^a-zñ0-9]+)*$"
)
"""A message that only asks to be answered; the whole of it."""
SOCIAL = _any(
    r"(?:jogo|jogos|partida|novela|filme|serie|seriado|futebol|copa|gol|campeonato|big brother|bbb|show|festa|balada|churrasco|cerveja|praia|feriado|feriadao|ferias|carnaval|natal|reveillon|pascoa|fim de semana|final de semana|findi|domingao|sextou|sexta|sabadao|almoco|almocar|almocaram|almocou|janta|jantar|jantaram|cafe|cafezinho|sono|dormir|dormiram|acordaram|acordou|madrugada|chuva|chove|chover|chovendo|choveu|calor|frio|sol|tempo ai|clima|temperatura|horoscopo|signo|piada|meme|fofoca|bolao|loteria|game|match|movie|football|soccer|party|weekend|holiday|weather|rain|raining|lunch|dinner|breakfast|partido|pelicula|fiesta|lluvia|llueve|finde|almuerzo|cena)"
)
"""What people talk of when they talk of nothing: games, meals, weather, days off."""
TOGETHER = re.compile(
    r"(?:e )?(?:quem (?:mais |ai |aqui |daqui )*|todo mundo |todos |voces |alguem |a galera |anyone |quien )(?:ai |aqui |ja |mais )*"
)
"""How small talk opens when it speaks to everybody; it counts with a word of `SOCIAL`."""
SURELY_SOCIAL = re.compile(
    r"(?:e )?(?:(?:quem (?:mais|ai|aqui|daqui)(?: mais| ai| aqui)* (?:e|sao|mora|moram|nasceu|vive) (?:de|do|da|em|no|na) )|(?:todo mundo|todos|voces|gente)(?: estao| esta)? (?:bem|animad[oa]s?|pront[oa]s?|acordad[oa]s?|viv[oa]s?)\b"
    r"|(?:voces )?(?:ja )?(?:almocaram|jantaram|dormiram|acordaram|tomaram cafe)|sera que (?:chove|vai chover|esfria|esquenta|neva|vai fazer (?:sol|frio|calor)|faz (?:sol|frio|calor))|como foi o (?:domingo|dia|feriado|fim|final|sabado|natal|carnaval)|will it rain)"
)
"""Small talk that needs no such word."""
LAUGH = re.compile(r"(?:^| )(?:k+|(?:ha|he|hua|ja|je|rs|sh|ksk|ah){2,}[a-z]?|rs|lol|lmao|[😂🤣😆😹😅])(?= |$)")
AGAIN = _any(
    r"(?:de novo|novamente|outra vez|mais uma vez|again|otra vez|de nuevo|once more|voltei|estou de volta|to de volta|eu (?:aqui )?de novo|aqui de novo|(?:continua|continuo|segue|sigo|persiste|permanece)[^?]*"
    r"|(?:mesm[oa]|mismo|misma|same) (?:problema|coisa|erro|duvida|pergunta|situacao|historia|cosa|problem|issue|thing|error)|(?:da|que) (?:outra|ultima) vez|ainda nao (?:resolv|respond|consegui|foi|veio|chegou|tive|recebi|me|obtive)[a-z]*"
    r"|ja (?:falei|perguntei|pedi|reclamei|avisei|mandei|tinha (?:falado|perguntado|pedido|reclamado)|expliquei|relatei)(?: (?:sobre|disso|isso|aqui|antes|ontem|semana passada|outro dia|com voces|desse|dessa))+|semana passada (?:eu )?(?:falei|perguntei|reclamei)|como (?:eu )?(?:ja )?(?:disse|falei|perguntei)|ate agora (?:nao|nada|ninguem) (?:resolv|respond)[a-z]+)"
)
"""That somebody comes back with what they asked before."""
CLOSING = re.compile(
    r"(?:[,.!;:-]+ )?(?:(?:muito |mt |desde ja |e |ok |um )*(?:obrigad[oa]s?|obrigadao|obrigadinha|grat[oa]|agradecid[oa]|agradeco|thanks|thank you|thank u|gracias|valeu)(?: (?:desde ja|mesmo|gente|pessoal|a todos|a todas|pela atencao|pela ajuda|demais|muito|in advance))*)(?: [^a-zñ0-9?]+)*$"
)
"""A thank-you that closes a message: politeness, when something stands before it."""
CLAUSE = re.compile(r"[.,!;:\n]+ ")
OPENING = re.compile(
    r"(?:a |o |e |mas |entao |so |ai |dai |ou |ja |por favor |please |duvida |pergunta |so uma duvida |uma duvida |[,.:!-] ?|and |so |but |y |pero )*"
)  # fmt: skip
OPENS = _start(
    r"como(?: e que)? (?:eu |a gente |se |que |voces? |e |posso |faco |faz |fazer |funciona|consigo |mudo |troco |altero |cancelo |ativo |vejo |sei |baixo |uso |coloco |tiro |recupero |emito |pago |gero |entro |configuro |instalo |acesso |conecto |envio |acho |encontro |resolvo |adiciono |removo |excluo |apago |atualizo |recebo |peco |abro |fecho |crio |compro |vendo |transfiro |bloqueio |desbloqueio |ligo |desligo |[a-z]+[oa]r )",
    r"qua(?:l|is)", r"quant[oa]s?", r"onde", r"aonde", r"cade", r"quando (?:sai|vai|vem|chega|abre|fecha|volta|comeca|termina|e que|sera|cai|libera|posso|vou|vence|eu)", r"quem (?:pode|sabe|e|aqui|ja|devo|cuida|responde)",
    r"por ?que", r"o que (?:e|faco|fazer|significa|devo|acontece|quer|tem|preciso|houve|aconteceu|eu)", r"que (?:horas?|horario|dia (?:abre|fecha|sai|vai|chega|cai|vence|voces?|e|eu))", r"ate (?:quando|que)", r"em quanto", r"de quanto", r"a partir de (?:quando|que)", r"com quem", r"para (?:que|onde|quem) ",
    r"vo?ces? (?:(?:ja|ainda|so|tambem|nao|vao|podem|conseguem|costumam) )*(?:[a-z]{2,}(?:am|em)|vao|tem|sao|estao|fazem) ", r"ainda (?:tem|da|posso|consigo|vale|esta|estao|pode)", r"vale (?:a pena|o preco|para|na|no)(?! sim| muito| demais| mesmo| nao)", r"(?:vao|vai) (?:[a-z]+r) ", r"e agora$", r"e (?:se|quando|como|onde|qual|quanto) ",
    r"sera que", r"tem (?!que |sim\b|no |na |nos |nas |nao|de |um |uma |gente |dias? |vezes |muit|razao|certeza|gente)[a-z]+ ", r"tem (?:como|jeito|algum|alguma|previsao|prazo|desconto|taxa|limite|problema se|opcao|possibilidade)", r"da para", r"(?:e|seria) possivel", r"ha (?:como|algum|alguma|previsao|possibilidade)", r"existe (?:algum|alguma|um|uma|como)",
    r"posso (?!ajudar|te|lhe|ver|verificar)", r"consigo", r"devo", r"preciso (?:pagar|fazer|ter|enviar|levar|instalar|esperar|cadastrar) ",
    r"how", r"what", r"where", r"when (?:will|do|does|is|can|are|should)", r"why", r"who (?:can|is|do|knows)", r"which", r"is (?:it|there|this|that|the)", r"are (?:there|you|we|the)", r"can (?:i|we|you|someone|anyone|it)", r"could (?:i|you|someone)", r"does", r"do (?:i|you|we|they)", r"did (?:you|i)", r"should i", r"will (?:it|there|the|this)", r"would it", r"has anyone", r"anyone (?:know|knows|have|else)", r"any (?:way|idea|chance)",
    r"como (?:puedo|hago|se|funciona|cambio|puede)", r"cual(?:es)?", r"cuando", r"donde", r"cuant[oa]s?", r"quien", r"por que", r"se puede", r"hay (?:alguna|algun|forma|manera|como)", r"puedo", r"que (?:hago|debo|significa)", r"es posible",
)  # fmt: skip
ENDS = re.compile(
    r".*[a-zñ]+ [a-zñ]+ (?:quando|quanto|onde|como|qual|quais|cuando|cuanto|donde|when|where)(?: [^a-zñ0-9]+)*$"
)
"""Ends as only a question does, without its mark: "os pontos vencem quando"."""
LOOKS = re.compile(r"(?:olha|olhem|veja|vejam|vejam so|look)\b")
"""Shows something; elsewhere these words tell somebody what to do."""
INSIDE = _any(
    r"algu[eim]+n?m? (?:ai |aqui |ja |mais |por aqui |sabe|saberia|tem|pode|poderia|consegue|conhece|passou|teve|usa|conseguiu|entende|esta com|ai sabe)",
    r"(?:gostaria|queria|quero|preciso|precisava|necessito|quisiera|quiero|necesito) (?:de )?(?:saber|entender|saver|confirmar|tirar uma duvida|uma informacao|informacao|informacoes|informacion|descobrir|perguntar|preguntar|consultar)",
    r"(?:sabe|sabem|saberia|saberiam|sabes|saben)(?: me)? (?:se|como|onde|qual|quando|quanto|por que|porque|o que|dizer|informar|explicar|decir|donde|cual|cuando|si) ",
    r"(?:pode|podem|poderia|poderiam|podia|consegue|conseguem|puede|pueden|podria|podrian)(?: por favor)?(?: me| nos)? (?:dizer|informar|explicar|ajudar com|orientar|confirmar|esclarecer|falar|decir|explicar|indicar|ensinar)",
    r"(?:nao sei|nao entendi|nao entendo|nao sabia|no se|no entiendo|sem saber|fiquei na duvida|estou em duvida|tenho duvida|minha duvida|a duvida e|a pergunta e|minha pergunta|duvida sobre|duvida quanto|me digam|me diz|me fala)" + _GAP + r"?(?:se|como|onde|qual|quando|quanto|por que|porque|o que|sobre|e|donde|cual)",
    r"(?:como|onde|qual|quando|quanto) (?:e que )?(?:eu )?(?:faco|posso|consigo|devo|faz para|fazer para|encontro|acho|vejo)",
    r"tem (?:como|jeito de) ",
    r"(?:does anyone|anyone know|wondering|would like to know|want to know|need to know|how (?:do|can|to|should|would|long|much|many)|what (?:is|are|do|does|should)|where (?:is|do|can)|don't know (?:how|what|where|if|why)|not sure (?:how|what|where|if|why))",
    _FIRST + r"(?:prazo|valor|preco|taxa|custo|horario|endereco|telefone|contato|previsao|status|(?:segunda|2a?) via|comprovante|link|codigo|numero|rastreio|garantia|politica|regras?|passo a passo|price|cost|status)"
    r"(?: de| do| da| dos| das| para| of| for)+ [a-zñ]+",
    r"(?:alguien (?:sabe|puede|tiene|me)|me gustaria saber|no se (?:como|donde|si))",
)  # fmt: skip
_THING = r"(?:minha|meu|minhas|meus|a|o|as|os|esse|essa|este|esta|esses|essas|la|el|los|las|mi|my|the)"
_STATED = (
    r"(?:diz|dizem|fala|falam|consta|constam|aparece|aparecia|apareceu|mostra|acusa|informa|dice|says)"
    r"(?: (?:so|aqui|la|sempre|como|que|assim|isso|a|o|um|uma|minha|meu|it|de))+"
    r" ?(?:[a-zñ0-9]+ ){0,4}(?:nao|nunca|ja|errad[oa]|invalid[oa]s?|incorret[oa]s?|indisponivel|expirad[oa]|expirou|expiro|venceu|vencid[oa]|esgotad[oa]|recusad[oa]"
    r"|bloquead[oa]|pendente|cancelad[oa]|entregue|pag[oa]|usad[oa]|utilizad[oa]|cadastrad[oa]|inexistente|desatualizad[oa]|em branco|zerad[oa]|expired|invalid|wrong|quando|desde|ha)"
)
"""What a machine says that is not so: "diz que expirou", "consta como pago"."""
_FAULT = (
    r"(?:(?:muito|mt|super|tao|ta|esta|estao|ficou|fica|ficando|veio|vieram|chegou|chegaram|saiu|toda|todo|tudo|sempre|bem) )+"
    r"(?:lent[oa]s?|errad[oa]s?|trocad[oa]s?|quebrad[oa]s?|rachad[oa]s?|amassad[oa]s?|rasgad[oa]s?|molhad[oa]s?|abert[oa]s?|sujos?|sujas?|riscad[oa]s?|defeituos[oa]s?"
    r"|invalid[oa]s?|incorret[oa]s?|indisponivel|indisponiveis|absurd[oa]s?|pesad[oa]s?|instavel|duplicad[oa]s?|incomplet[oa]s?|vazi[oa]s?|com defeito|com problema|com erro"
    r"|sem funcionar|faltando|fora do ar|atrasad[oa]s?|esgotad[oa]s?|vencid[oa]s?|cort[a-z]+|outra coisa|roto|rota|rotos|danad[oa]|mal)"
    r"|(?:aparece|consta|diz|da|esta|ta)(?: (?:um|uma|que e|como))? ?(?:[a-z]+ )?(?:indisponivel|invalid[oa]|incorret[oa]|inexistente|esgotad[oa]|bloquead[oa]|expirad[oa])"
    r"|(?:expiraram|sumiram|pifou|queimou|descolou|rasgou|rachou|vazou|enguicou|emperrou|falhou|expirou|bugando|pifad[oa]|queimad[oa]|amassad[oa]|rachad[oa]|em duplicidade|em dobro|duas vezes|sem resposta nenhuma)"
    r"|(?:fecha|fechou|fechando|desliga|desligou|reinicia|cai|sai|abre|para)(?: tudo)? (?:sozinh[oa]s?|do nada|toda hora|o tempo todo|sem avisar)"
    r"|[a-zñ]{3,} (?:invalid[oa]s?|incorret[oa]s?|vencid[oa]s?|atrasad[oa]s?|bloquead[oa]s?|errad[oa]s?|expirad[oa]s?|recusad[oa]s?|negad[oa]s?|demorando|demora)(?: (?:no|na|nos|nas|do|da|ao) [a-zñ]+)?[ .!]*$"
    r"|saiu do ar|foi do ar|tela (?:fica |ficou |esta )?(?:branca|preta|azul|em branco|congelada|travada)"
    r"|(?:recebi|veio|chegou|mandaram|enviaram|entregaram|trouxeram)(?: [a-zñ]+){1,5} (?:errad[oa]s?|trocad[oa]s?|quebrad[oa]s?|com defeito|a menos|outra coisa|faltando)"
    r"|(?:recebi|veio|chegou|mandaram|enviaram|entregaram) (?:outr[oa]|faltando|quebrad[oa]|errad[oa]|com defeito|sem)"
    r"|(?:que (?:eu )?nao|e nao) (?:reconheco|fiz|comprei|autorizei|pedi|contratei|solicitei|assinei)"
)
"""What is broken, wrong or missing, whatever it is."""
_OVERDUE = (
    r"(?:e|mas)(?: ate (?:agora|hoje|o momento))?(?: ainda)? nada(?: (?:de|do|da|acontece|aconteceu|aparece|apareceu|ainda|ate (?:agora|hoje)|no|na|aqui))*"
    r"|(?:era|eram) para (?:ter |ser |estar |chegar|vir|sair|cair|aparecer)|(?:devia|deveria|deviam|deveriam|tinha que|tinham que) (?:ter |chegar|vir|estar|sair|cair|aparecer)"
    r"|(?:estava|estavam|era|foi) previst[oa]s?|(?:ninguem|nao|nem)(?: [a-z]+)? (?:da|dao|deu|deram|avisa|avisou|avisaram|explica|informa) (?:noticia|noticias|resposta|retorno|previsao|satisfacao|nada|por que|o motivo)"
    r"|nao (?:da|dao|deu|deram) (?:resposta|retorno|previsao|noticia|noticias|satisfacao)"
    r"|(?:was|were|is|should have|supposed to) (?:supposed|expected|been delivered|arrive)"
)
"""What should have come and has not."""
_SHOWN = (
    r"(?:olha|olhem|veja|vejam|print|foto|imagem|captura|segue|look at)(?: so)?(?: o| a| os| as| do| da| como| esse| essa| isso| print| foto| the| d[oa] print)* (?:erro|erros|defeito|defeitos|problema|mensagem|tela|falha|aviso|estrago|error|screenshot)"
    r"|"
    + _THING
    + r" (?:[a-zñ0-9]+ ){1,6}nao (?!sei |vi |acho |gost|quero |tenho |faco |sou |estou |conheco |lembro que )[a-zñ]+(?:ou|iu|eu|aram|eram|iram|a|e|am|em|oi)"
)
"""Faults that are shown, or told of a thing: "os pontos não entraram"."""
PROBLEM = _any(
    r"(?:nao|no) (?:estou |esta |estao |estava |mais |me |se |o |a |eu |consegue |consigo |consegui |conseguimos |ta |quer |to )*(?:consigo|consegue|conseguimos|conseguindo|consegui|funciona|funcionam|funcionando|funcionou|abre|abrem|abrindo|abriu|carrega|carregam|carregando|carregou|entra|entrando|entrou|aparece|aparecem|aparecendo|apareceu|chega|chegou|chegaram|chegando|recebi|recebo|recebemos|recebendo|reconhece|reconheceu|aceita|aceitou|aceitando|aceito|deixa|deixou|deixando|atualiza|atualizou|atualizando|conecta|conectou|conectando|liga|ligou|carrega|sai|saiu|vai|foi|toca|salva|salvou|salvando|envia|enviou|enviando|responde|respondem|respondeu|caiu|caem|cai|baixa|baixou|baixando|instala|instalou|sincroniza|sincronizou|permite|permitiu|encontro|encontrei|acho|achei|localizo|localizei|vejo|mostra|mostrou|lembro|tenho acesso|processa|processou|compensou|atualizado|autorizado|puedo|pude|abre|deja|llega|llego|recibo|recibi|aparece|carga|permite|encuentro|imprime|grava|gravou|finaliza|finalizou|completa|gera|gerou|confirma|confirmou|bate|batem)",
    r"(?:parou|parei|paro|deixou|dejo) de " , r"(?:so|apenas|fica|ficou|esta|estao|ficam|vive)(?: so| sempre)? (?:da|dando|carregando|travando|travado|travada|rodando|girando|fechando|caindo|pendente|parado|parada|bloquead[oa]|preso|presa|em branco|offline|lento|lenta|indisponivel|fora do ar|em analise|congelad[oa])",
    r"(?:travou|travando|trava|travad[oa]|bugou|bugado|bugada|bug|crash|crashes|crashed|crashing|congelou|sumiu|sumiram|desapareceu|desapareceram|quebrou|quebrad[oa]|estragou|caiu|instavel|fora do ar|duplicad[oa]|duplicou|cobraram|cobrou)",
    r"(?:da|deu|dando|aparece|apareceu|aparecendo|esta com|estou com|to com|recebo|recebi|mostra|retorna|com|tive|tenho|tengo|sale|aparece|me da)(?: um| uma| o| a| esse| essa| este| uns| sempre| muitos| un| una| el)? (?:erro|erros|error|errores|problema|problemas|falha|defeito|mensagem de erro|aviso|bug|dificuldade|dificuldades|dificultad|problemao)",
    r"(?:erro|error|falha|problema|problemas|dificuldade|bug) (?:ao|na|no|nas|nos|de|do|da|com|para|em|quando|[0-9]+|al|en|con|when|with|while|on|in)",
    r"(?:fui|foi|estou sendo|fomos|estao|veio|vieram) (?:cobrad[oa]|bloquead[oa]|debitad[oa]|descontad[oa]|cancelad[oa]|desconectad[oa]|banid[oa]|errad[oa]|duas vezes|em dobro)",
    r"(?:minha|meu|a|o|la|el|mi|my) (?:[a-zñ]+ ){1,3}(?:sumiu|caiu|travou|parou|falhou|nao (?!sei)[a-z]+|veio errad[oa]|veio com|esta errad[oa]|foi bloquead[oa]|foi recusad[oa]|expirou|venceu|atrasou|esta atrasad[oa]|quebrou)",
    r"(?:esqueci|perdi|roubaram|clonaram|furtaram)(?: a| o| meu| minha| me)+ ", r"(?:recusad[oa]|negad[oa]|atrasad[oa]|errad[oa])s?" + r".*" + r"(?:meu|minha|pedido|pagamento|compra|cartao|conta|boleto|entrega|valor|nota)",
    r"(?:meu|minha|pedido|pagamento|compra|cartao|conta|boleto|entrega|valor|nota)" + r".*" + r"(?:recusad[oa]|negad[oa]|atrasad[oa]|errad[oa])s?",
    r"(?:ate agora nada|ate hoje nada|ninguem (?:me )?(?:responde|respondeu|atende|resolve|resolveu)|faz (?:dias|horas|semanas|[0-9]+ dias) que|ha (?:dias|horas|semanas|[0-9]+ dias))",
    r"(?:i )?(?:can't|cannot|can not|couldn't|unable to|am not able to|i'm not able to)", r"(?:doesn't|does not|don't|won't|isn't|is not|not|stopped|aren't|hasn't|haven't|never) (?:work|working|load|loading|open|opening|show|showing|let|connect|connecting|respond|responding|arrive|arrived|received|receive|appear|sync|syncing|start|accept|update|updating|get|got|come)",
    r"(?:keeps? (?:crashing|failing|loading|freezing|saying|asking|giving|getting|disconnecting|logging)|(?:get|getting|got|gives?|throws?|shows?|see|seeing|having|have)(?: me)?(?: an?| this| the| some)? (?:error|errors|issue|issues|problem|problems|trouble)|is (?:broken|down|stuck|missing|blocked|frozen)|got (?:charged|blocked|locked|stuck)|was charged|i (?:forgot|lost) my|charged twice|went missing|disappeared)",
    r"(?:no (?:puedo|me|funciona|carga|abre|llega|aparece|recibo|encuentro|se puede)|se (?:cayo|colgo|cuelga|cierra|traba)|me cobraron|olvide mi|perdi mi|dejo de)",
    _STATED, _FAULT, _OVERDUE, _SHOWN,
)  # fmt: skip
_SERVICE = (
    r"(?:acessar|agendar|alterar|apagar|assinar|ativar|atualizar|baixar|bloquear|cadastrar|cancelar|comprar|confirmar|configurar|consultar|contratar|corrigir|desbloquear"
    r"|desistir|devolver|emitir|enviar|estornar|excluir|gerar|imprimir|instalar|marcar|mudar|pagar|parcelar|rastrear|receber|recuperar|redefinir|reembolsar|reenviar"
    r"|remarcar|renovar|resetar|retirar|solicitar|transferir|trocar|verificar|ativar|cancel|change|reset|track|refund|return|renew|cambiar|pagar|recuperar)"
)
"""What people come to a desk for, whatever it is the desk of; a message that opens so is a request: "trocar senha do aplicativo"."""
_VERB = r"[a-z]+(?:ar|er|ir|or)(?:-?(?:me|lo|la|los|las|se|mos))?"
REQUEST = _any(
    r"(?:eu )?(?:gostaria|queria|quero|preciso|precisava|precisaria|necessito|desejo|pretendo|precisamos|queremos|quisiera|quiero|necesito|me gustaria)(?: muito| urgente| urgentemente| so| apenas)?(?: de| que| da| do| dos| das| um| uma| meu| minha| o| a| la| el| mi)* (?:" + _VERB + r"|segunda via|ajuda|reembolso|estorno|suporte|nota|boleto|codigo|link|acesso|cancelamento|orientacao|visita|tecnico|comprovante|contrato|fatura|ayuda|reenvio|troca|voces?|alguem|urgencia|contato|numero|retorno|posicao|acompanhamento)",
    r"(?:solicito|solicitei|peco|requisito|favor|por gentileza|por favor)(?: para| que| me| nos| a| o| um| uma| podem| pode| poderiam| poderia)* (?:" + _VERB + r"|envi[ae]m?|mand[ae]m?|verifi[a-z]+|reenvi[a-z]+|cancel[a-z]+|troqu[a-z]+|liber[a-z]+|pass[ae]m?|ajud[ae]m?|olh[ae]m?|resolv[a-z]+|entr[ae]m?|estorn[a-z]+|reembols[a-z]+)",
    r"(?:me|nos) (?:ajuda|ajudem|ajude|ajudar|manda|mandem|mande|mandar|envia|enviem|envie|enviar|passa|passem|passe|passar|explica|expliquem|explique|ensina|ensinem|orienta|orientem|avisem|informem|informe|indica|indiquem|recomenda|recomendam|recomendem|libera|liberem|add|adicionem|coloquem|ayudan|ayudas|ayudeis|ayuden)",
    r"(?:voce |voces |alguem |ai |tu )?(?:pode|podem|poderia|poderiam|podia|consegue|conseguem|puede|pueden|podria|podrian|podes)(?: por favor| por gentileza| ai)?(?: me| nos| o| a)? (?:" + _VERB + r")",
    r"(?:i|we) (?:need|want|would like|'d like|wish|am looking|are looking)", r"(?:i'd like|i'm looking for|please (?:help|send|check|fix|cancel|let|add|give|provide|resend|update|refund|change|remove|tell|advise|assist)|(?:can|could|would) (?:you|someone|anyone|somebody) )",
    r"help me",
    _FIRST + _SERVICE + r" (?!ai |la |por |no site|na loja)[a-zñ]+",
    r"(?:quero|queria|quiero|want)(?: de volta)? (?:o |a |os |as )?(?:meu|minha|meus|minhas|my|mi|mis) [a-zñ]+",
    r"(?:quero|queria|manda|mande|mandem|envia|envie|enviem|libera|liberem|passa|passem)(?: ai)? (?:o|a|os|as|um|uma|meu|minha) [^?]*(?:por favor|please)",
    r"(?:preciso|precisava|precisamos|necessito|necesito|need)(?: urgente| muito)?(?: (?:de|do|da|dos|das|um|uma|the|a|an|my|el|la|mi))+ [a-zñ0-9]+",
)  # fmt: skip
LACKS = _any(
    r"(?:nao|nada|sem|nunca|nenhum|nenhuma|ninguem|errad[oa]s?|erro|problema|so|ainda|mas|faz|ha|desde|not|never|nothing|without|but|still|since|nunca|nadie|sin|pero|todavia)"
)
MINE = _any(
    r"(?:meu|minha|meus|minhas|comprei|paguei|pedi|recebi|fiz|tentei|estou|tenho|tinha|coloquei|mandei|enviei|mudei|troquei|cancelei|solicitei|assinei|cadastrei|contratei|usei|fui|my|i|i'm|i've|mi|mis|compre|pague|hice|tengo|estoy)"
)
"""Beside a word of lack, what is told of oneself is a problem: "paguei semana passada e ainda consta em aberto"."""
OFFER = _any(
    _FIRST + r"(?:posso|podemos|i can|can i|puedo) (?:te |lhe |help|ajudar|ayudar|verificar|ver )", r"(?:em que|como) (?:posso|podemos) (?:te |lhe )?(?:ajudar|ser util)", r"(?:how|what) can i (?:help|do for)", r"en que (?:puedo|podemos) ayudar", r"posso ajudar", r"qualquer (?:duvida|coisa)", r"se precisar", r"quem (?:precisar|quiser|tiver)", r"(?:let me know|feel free|happy to help)", r"se (?:voce )?(?:quiser|tiver (?:alguma |mais )?duvida)",
)  # fmt: skip
INSTRUCTS = _start(
    r"(?:e )?so (?:clicar|ir|entrar|abrir|acessar|fazer|apertar|pedir|mandar|enviar|esperar|colocar|selecionar|usar)", r"(?:voce |vc )?(?:tem que|precisa|deve|pode|consegue) (?:ir|clicar|entrar|abrir|acessar|fazer|apertar|selecionar|esperar|aguardar|usar|pedir|baixar|atualizar|desinstalar|reiniciar|verificar|ver|mandar|enviar|ligar|tentar|colocar|gerar|alterar|trocar|cancelar|recuperar|resolver|acompanhar|encontrar)",
    r"(?:clique|clica|acesse|acessa|entre em|entra em|entra no|entra na|va em|vai em|vai no|vai na|abra|abre o|abre a|toque|tente|tenta|experimenta|experimente|reinicie|reinicia|desinstala|desinstale|atualiza o|atualize|verifique|verifica se|confira|confere se|veja|ve se|olha|aguarde|aguarda|espera|siga|segue|faca|faz assim|use|usa o|basta|aqui (?:funcionou|resolvi|deu|eu|foi)|no meu caso|comigo|eu (?:fiz|resolvi|usei|consegui|acho|uso|tive|tambem)|acho que|sim|nao precisa|nao da para|nao tem como|da sim|tem sim|pode sim|consegue sim|claro|isso ai|exato|e assim|e por|fica em|fica no|fica na|leva|demora|custa|sao|e gratis|e de graca)",
    r"(?:just|you (?:can|need to|have to|should|must|could)|try|go to|click|open|press|restart|check|make sure|yes|no problem|sure|in my case|i (?:did|used|think|had|solved|fixed)|it (?:takes|costs|is|should)|you're|here is|here's)", r"(?:tienes que|debes|puedes|haz|ve a|entra|intenta|prueba|si |claro|en mi caso|yo (?:lo|hice|use))",
)  # fmt: skip

FALLBACK = _any(
    r"(?:nao|no) (?:consegui |pude )?(?:entendi|entender|compreendi|compreender|entiendo|comprendo|encontrei|encontrar|achei|reconheci|sei (?:responder|te responder|como ajudar)|soube|tenho (?:essa|uma) (?:resposta|informacao)|he entendido|encuentro)",
    r"(?:reformul[a-z]+|tente (?:escrever|perguntar|dizer) de outr[oa]|poderia repetir|pode repetir)",
    r"(?:i (?:did not|didn't|don't|do not|couldn't|could not) (?:understand|get that|catch|find|know)|not sure i understand|rephrase)",
)  # fmt: skip
HANDOVER = _any(
    r"(?:vou|irei|vamos|estou|estamos|ja vou|posso|voy a|vamos a)(?: a)?(?: te| lhe| o| a| sua| seu)* (?:transferi[a-z]*|transferindo|encaminh[a-z]+|repass[a-z]+|direcion[a-z]+|pass[a-z]+(?: sua| seu| o| a| voce| para)|cham[a-z]+(?: um| uma| o| a)? (?:atendente|colega|especialista|humano|alguem|responsavel|suporte|pessoal|equipe)|transferir|derivar|comunicar)",
    r"(?:transferindo|encaminhando|encaminhei|transferi|repassei|direcionando|chamei)(?: voce| sua| seu| o| a| para| um| uma)* (?:para|atendente|atendimento|equipe|time|suporte|especialista|humano|colega|responsavel|conversa|solicitacao|caso)",
    r"(?:um|uma|nosso|nossa|o|a) (?:atendente|human[oa]|especialista|consultor|consultora|operador|pessoa|colega|equipe|time|agente|asesor)(?: humano| humana| de suporte| do time| da equipe)? (?:vai|ira|entrara|ja (?:vai|vem|entra|te|lhe|responde|atende|assume)|logo|te|em breve|respondera|assume|assumira|atendera|continua)",
    r"(?:transferring|transfer you|connect(?:ing)? you|hand(?:ing)? (?:you|this) over|an? (?:agent|human|colleague|specialist|person) will|pass(?:ing)? (?:you|this) (?:to|on))",
    r"(?:un|una) (?:agente|asesor|persona|humano|colega) (?:te|le|va|se)",
)  # fmt: skip
NOTICE = _any(
    r"(?:recebemos (?:sua|a sua|o seu|seu)|sua mensagem foi recebida|em breve (?:responderemos|retornaremos|entraremos|te respond|um)|responderemos (?:em breve|assim)|retornaremos|fora do (?:horario|expediente)|nosso (?:horario|atendimento) (?:e|funciona|de)|aguarde (?:um|que|enquanto|so)|ja (?:te|lhe) respondo|so um (?:momento|minuto|instante)|um (?:momento|instante|minuto)|ja vejo|vou (?:verificar|ver|olhar|checar|consultar)(?: aqui| para voce| isso| com)?|deixa eu ver|we (?:have )?received your|will get back to you|we'll get back|one moment|let me check|un momento)",
)  # fmt: skip


HELP = _any(
    r"(?:ajuda|ajudar|ajudem|ajude|help|ayuda|ayudar|ayudarme|socorro|ajudinha|luz|alguem|alguien|anyone|anybody|someone)"
)
