"""The held-out part: how people ask and are answered in the lakes that accuracy is measured on.

No rule, word list or threshold may be written or tuned looking at this file: what is measured here would then mean
nothing. See docs/decisions/0049.
"""

from __future__ import annotations

from telelake.demo.wordings.model import Subject

SUBJECTS = {
    "boleto": Subject(
        asks=(
            "[cês|vcs|o pessoal] [me mandam|conseguem me mandar|reenviam] [esse|aquele] boleto aí? [num achei|sumiu da caixa de entrada|]",
            "[quitei|paguei ontem|já acertei] a compra {pedido} no boleto e o sistema [segue|tá] cobrando",
            "a linha digitável [não passa|dá inválida|vem faltando número] | [alguma ideia|e agora|que faço]",
            "preciso [imprimir|baixar] [de novo|outra vez|novamente] a cobrança da compra {pedido}, [venceu|passou da data]",
            "[deixei|acabei deixando] vencer o boleto [do {produto}|de {valor}|] [pago com juros|perco a compra]?",
            "boleto [compensa|cai|é liberado] [em fim de semana|no sábado|em feriado]?",
            "[gente|pessoal|moça], o leitor do caixa [recusa|não lê] o boleto de {valor}",
            "fechei a compra do {produto} escolhendo boleto só que [a página travou|não gerou nada|fechou a tela]",
            "será que [mandaram|foi enviado] o boleto pro e-mail errado | uso outro [agora|faz tempo]?",
        ),
        human=(
            "Segue tudo certo, {nome}: a cobrança de {valor} foi reemitida, olha a caixa de entrada 😊",
            "A baixa demora até 48 horas, {nome}. Seu pagamento aparece amanhã cedo.",
            "Emiti com novo vencimento, {nome}, vale até sexta.",
        ),
        bot=(
            "🧾 Quer pagar? Abra https://lojaaurora.example/pagamentos e escolha **Reemitir**.",
            "Pagamentos em boleto são confirmados em **48 horas**.",
        ),
        captions=(
            "esse aqui que o caixa não lê",
            "a data já passou, como fica",
            "print da cobrança repetida",
        ),
        peers=(
            "entra na conta e clica na compra, tem um ícone de impressora",
            "segunda-feira cai, sexta à noite nunca compensa",
        ),
        foreign=(
            "disculpen, la factura de pago venció, me mandan otra?",
            "hey guys, the payment slip for {pedido} expired",
            "o payment slip não abre aqui, help",
        ),
    ),
    "senha": Subject(
        asks=(
            "[minha conta|meu login] [me expulsa|desloga] toda hora e [depois|] não aceita [mais nada|o que eu digito]",
            "tô [trancado|trancada] pra fora da conta [desde {dia}|], [socorro|que faço|alguém libera]",
            "[nem|não] chega [sms|o token|o pin] nenhum no meu número",
            "[qual|quanto tempo dura] o bloqueio quando [erra|a gente erra] [muito|demais] a senha?",
            "pus a data de nascimento certinha e [o sistema|ele] [jura|insiste] que tá errada pra recuperar o acesso",
            "vcs [resetam|zeram] a senha por aqui mesmo? [meu filho mexeu e trocou|minha mãe esqueceu a dela|]",
            "o botão [esqueci|recuperar acesso] [gira gira e nada|não faz nada|fica cinza]",
            "perdi o celular antigo | [como acesso|tem jeito de acessar] minha conta no novo?",
        ),
        human=(
            "Resetei por aqui, {nome}. Abre o e-mail mais recente e cria outra.",
            "{nome}, o desbloqueio é automático depois de 1 hora, tá bom?",
            "Seu número estava desatualizado, {nome}. Corrigi e já disparei outro SMS.",
        ),
        bot=(
            "🔐 Problema para acessar? Use **Recuperar acesso** em https://lojaaurora.example/acesso e siga os passos.",
            "Contas são liberadas sozinhas **1 hora** depois da última tentativa.",
        ),
        captions=(
            "fica nessa telinha cinza",
            "olhem o que ele fala quando tento acessar",
        ),
        peers=(
            "espera uma horinha que destrava sozinho",
            "tenta pelo computador, no meu só foi por lá",
        ),
        foreign=(
            "no me llega el código para entrar",
            "locked out of my account, any way to reset it?",
            "meu account tá locked, como faço o unlock?",
        ),
    ),
    "entrega": Subject(
        asks=(
            "[nada|nem sinal] do meu {produto} ainda, [comprei tem quase um mês|era presente|tô preocupada]",
            "[o motoboy|o carteiro|o moço da entrega] [passou|veio] quando eu tava [no trabalho|fora] | [passa de novo|como remarco]?",
            "entregaram na [casa do vizinho|rua errada|portaria do prédio ao lado], e agora [quem resolve|como pego|]?",
            "[tá|está] dando [saiu para entrega|a caminho] [há uma semana|faz quatro dias|desde {dia}] [kkk|] [cadê|e nada]",
            "minha encomenda {codigo} [foi parar|apareceu] em {cidade}, [nada a ver|eu nem moro lá|por quê]",
            "previsão [mudou|adiaram] três vezes [já|] da compra {pedido}, [posso confiar|vai chegar mesmo]?",
            "alguém de {cidade} [já recebeu|recebeu] essa semana? o meu [empacou|travou] no centro de distribuição",
            "só veio [metade|uma caixa] do que comprei, [falta|faltou] o {produto}",
            "vocês [postaram|despacharam|já enviaram] a compra {pedido}? [preciso pra sábado|é pra uma festa|]",
            "[quantos dias|quanto tempo] [leva|demora] [mais ou menos|em média|] pra [chegar|vir] em {cidade}?",
        ),
        human=(
            "A encomenda {codigo} está na rota de hoje, {nome}. Chega até as 20h.",
            "{nome}, remarquei a tentativa para amanhã de manhã. Peço desculpas!",
            "Localizei na base de {cidade}, {nome}; segue viagem hoje à noite.",
        ),
        bot=(
            "🚛 Veja onde está a sua encomenda: https://lojaaurora.example/onde-esta. Sábados, domingos e feriados **não contam** no prazo.",
            "A situação da encomenda muda uma vez por dia. Consulte https://lojaaurora.example/onde-esta",
        ),
        captions=(
            "tá empacado nisso aqui",
            "olhem como a embalagem chegou",
            "diz que assinei e não assinei nada",
        ),
        peers=(
            "aqui em {cidade} demorou onze dias corridos",
            "pergunta pro vizinho, o meu tinham deixado lá",
        ),
        foreign=(
            "todavía no recibí nada, el {produto} era un regalo",
            "anyone knows why my parcel {codigo} is stuck in {cidade}?",
            "meu package tá preso em {cidade}, any updates?",
        ),
    ),
    "troca": Subject(
        asks=(
            "o {produto} [apertou|sobrou|não coube], [aceitam de volta|pego outro número|tem o número maior]?",
            "[abri|tirei da caixa] e [tava|estava] [riscado|com um furo|faltando parafuso] o {produto}",
            "não gostei do {produto}, [posso mandar de volta|devolvo como|consigo meu dinheiro de volta]?",
            "[cadê|quando vem] o [produto novo|substituto]? [devolvi|mandei o ruim] {dia}",
            "a etiqueta [de postagem|do correio] [que mandaram|] [venceu|sumiu|não imprime], mandam outra?",
            "presente [repetido|errado] [pode trocar|dá pra trocar] sem [a nota|a caixa]?",
            "comprei 110 e mandaram 220 no {produto} | [fazer o quê|como a gente resolve]?",
        ),
        human=(
            "Sem problema, {nome}: passo no sistema e você recebe a etiqueta `{codigo}` hoje.",
            "{nome}, coletamos na sua casa em até 5 dias, não precisa ir ao correio.",
            "O substituto saiu do estoque agora, {nome}.",
        ),
        bot=(
            "↩️ Devoluções são pedidas em https://lojaaurora.example/devolver; você tem **um mês** depois de receber.",
        ),
        captions=(
            "riscado desse jeito",
            "chegou assim ó",
            "isso tá certo? pedi outro",
        ),
        peers=(
            "eles buscam em casa, nem precisei sair",
            "guarda a caixa, sem ela não aceitam de volta",
        ),
        foreign=(
            "me llegó el {produto} equivocado",
            "this {produto} is too small, can I send it back?",
        ),
    ),
    "nota_fiscal": Subject(
        asks=(
            "[o contador|meu chefe|o RH] tá [pedindo|cobrando] a [notinha|NFe|DANFE] da compra {pedido}",
            "[veio|a caixa veio] sem [documento nenhum|nota dentro|papel nenhum], preciso [pra garantia|pro reembolso da firma]",
            "[trocaram|erraram] meu sobrenome [na NF|no documento fiscal] [consertam|refazem|dá jeito]?",
            "como [puxo|arranjo|consigo uma cópia de] nota [antiga|do ano passado|de uma compra velha]?",
            "[sai|emitem] nota [pra pessoa jurídica|no nome da firma] [depois de comprado|]?",
            "chave de acesso da NF [não existe|dá não encontrada] na receita",
        ),
        human=(
            "Mandei PDF e XML para você, {nome}, confirma se abriu?",
            "Refizemos o documento com o nome certo, {nome}.",
            "Notas antigas ficam guardadas por 5 anos, {nome}; já te encaminhei.",
        ),
        bot=("📑 Documentos fiscais ficam guardados em https://lojaaurora.example/documentos, dentro da compra.",),
        peers=(
            "tem que abrir a compra no computador, no celular não mostra",
            "a minha veio colada por fora do pacote, olha direito",
        ),
        foreign=(
            "mi jefe pide la factura, cómo la bajo?",
            "need the tax invoice for my company, order {pedido}",
        ),
    ),
    "cupom": Subject(
        asks=(
            "[tentei|botei] o código da [propaganda|influencer|revista] e [disse que não existe|nem mexeu no preço]",
            "[rola|sai|tem] [um descontinho|desconto|promo] [pra quem é cliente antigo|se levar dois|à vista]?",
            "o vale-presente de {valor} [não abate|não desconta|dá já utilizado]",
            "prometeram [10%|20%] [na próxima compra|de cashback] e [cadê|não veio nada]",
            "black friday [já vale|vai ter desconto] no {produto}?",
            "por que o desconto [sumiu|desapareceu] quando [mudei o frete|coloquei outro item|fui pagar]?",
        ),
        human=(
            "Reativei o seu vale, {nome}, vale até domingo à meia-noite 🎁",
            "{nome}, esse código era só para o primeiro acesso. Mandei um exclusivo no seu e-mail.",
            "Descontos não se somam, {nome}, o sistema fica com o maior.",
        ),
        bot=(
            "🏷️ Códigos promocionais entram no campo **Tenho um código**, antes do pagamento: https://lojaaurora.example/promos",
        ),
        captions=(
            "ó, nem mexe no preço",
            "recebi esse vale e não abate",
        ),
        peers=(
            "tem que estar logado antes de colocar o código",
            "o da influencer acabou, só valia até ontem",
        ),
        foreign=(
            "hay algún descuento para clientes viejos?",
            "promo code does nothing at checkout",
        ),
    ),
    "pix": Subject(
        asks=(
            "[transferi|mandei o dinheiro] e [ninguém confirma|continua como pendente|cancelaram minha compra] [do {produto}|]",
            "[fiz|acabei fazendo] a transferência [pro valor errado|faltando dez reais|pra chave antiga] | [dá pra completar|devolvem]?",
            "[o bendito|aquele] quadradinho do pix não [aparece|carrega] [na tela|no meu navegador]",
            "meu banco [estornou|devolveu|bloqueou] o pagamento instantâneo da {pedido}, tento [de novo|outro meio]?",
            "caiu duas vezes o mesmo pix na minha conta, [quero um de volta|como recupero]",
            "[vcs|a loja] [aceitam|trabalham com] pix parcelado?",
            "[tem|faz] umas [cinco|duas] horas do pix e [nadinha|nem confirmação] [pra compra {pedido}|]",
        ),
        human=(
            "Confirmado, {nome}! O financeiro achou a transferência de {valor}.",
            "{nome}, o valor a mais volta para a conta de origem hoje.",
            "Gera outro código na tela da compra, {nome}; o antigo dura só 1 hora.",
        ),
        bot=(
            "⚡ Transferências são reconhecidas em **meia hora**. Passou disso? https://lojaaurora.example/transferencias",
        ),
        captions=(
            "o banco já debitou, vejam",
            "tá aqui a transferência",
        ),
        peers=(
            "o meu reconheceu quase uma hora depois",
            "cancela no banco e faz por outro, o meu banco vive travando",
        ),
        foreign=(
            "transferí por pix y sigue pendiente",
            "money left my bank but the store says unpaid",
        ),
    ),
    "cancelamento": Subject(
        asks=(
            "[me arrependi|mudei de ideia] da compra [{pedido}|do {produto}], [como desfaço|ainda rola desfazer]?",
            "[meu dinheiro|minha grana] [da compra cancelada|do que devolvi] [volta quando|tá onde|não caiu]",
            "[clico|aperto] em cancelar e [nada acontece|dá ops|volta pra página inicial]",
            "comprei [duplicado|dois sem querer], [tirem|cancelem] um [por gentileza|aí]",
            "já [vieram|vieram duas] faturas e [o crédito|o valor devolvido] de {valor} [nem sinal|não consta]",
            "direito de arrependimento [vale|é] de sete dias né? [quero usar|como peço]",
        ),
        human=(
            "Desfiz a compra, {nome}. O valor volta pelo mesmo meio em que pagou.",
            "{nome}, o crédito de {valor} entra na próxima fatura, o banco já confirmou.",
            "Tirei o item repetido, {nome}, e recalculei o total.",
        ),
        peers=(
            "recusa quando chegar que eles devolvem tudo",
            "o meu voltou na segunda fatura, tem que ter paciência",
        ),
        foreign=(
            "me arrepentí de la compra, cómo la anulo?",
            "still waiting for my money back from {pedido}",
        ),
    ),
    "app": Subject(
        asks=(
            "[só eu|é só comigo] que [o aplicativo|o programa da loja] [congela|dá tela preta|reinicia o celular]?",
            "[baixei|instalei] ontem e [pede pra atualizar|não sai da logo|fica carregando] [eternamente|sem parar|]",
            "as fotos dos produtos não [carregam|aparecem] no [cel|tablet]",
            "[botão|o botão de] finalizar não [responde|clica] no meu [motorola|samsung|xiaomi]",
            "[parei de receber|não vêm mais] as notificações [do app|no celular] [desde {dia}|]",
            "tem versão [pra tablet|pra iPad|pra celular antigo]?",
            "o leitor de código de barras do aplicativo [enlouqueceu|não foca|abre a câmera errada]",
        ),
        human=(
            "Saiu hoje a versão 4.3, {nome}, atualiza e me conta.",
            "{nome}, força a parada nas configurações e abre outra vez.",
            "Esse aparelho ainda não é compatível, {nome}; o site funciona igualzinho.",
        ),
        bot=("📱 Está lento ou travado? **Limpe o armazenamento** e abra de novo: https://lojaaurora.example/app",),
        captions=(
            "congela bem aqui",
            "tela preta, só isso",
        ),
        peers=(
            "apaga os dados dele nas configurações do celular",
            "no xiaomi é assim mesmo, uso pelo navegador",
        ),
        foreign=(
            "se queda cargando y no abre en mi celular",
            "black screen every time I open it",
            "o app freezou no checkout, alguém mais?",
        ),
    ),
    "frete": Subject(
        asks=(
            "[tô achando|achei] salgado esse valor de envio pra {cidade}, [tem como baixar|é por peso|cobram por item]?",
            "[mandam|enviam|chega] [pro interior|pra zona rural|pra ilha] [perto de {cidade}|]?",
            "simulei com {cep} e [deu erro|não apareceu opção nenhuma|só tem sedex]",
            "se eu levar [dois|três] {produto} o envio [dobra|fica o mesmo|sai de graça]?",
            "[existe|tem] entrega [expressa|no mesmo dia] [em {cidade}|]?",
            "pq cobraram {valor} de envio se dizia [de graça|cortesia] no anúncio?",
        ),
        human=(
            "Para essa região sai por {valor}, {nome}, e leva uma semana.",
            "{nome}, o envio é calculado pelo peso; dois itens custam quase o mesmo que um.",
            "Incluímos o seu CEP na cobertura, {nome}, simula outra vez.",
        ),
        bot=(
            "📮 Simule o envio na página do item. Compras de **R$ 199** ou mais têm envio de graça no Sul e no Sudeste.",
        ),
        peers=(
            "escolhe retirar no ponto parceiro que sai bem menos",
            "pra cá é caro mesmo, compro junto com a vizinha",
        ),
        foreign=(
            "hacen envíos a {cidade}?",
            "shipping is more expensive than the {produto}, really?",
        ),
    ),
    "endereco": Subject(
        asks=(
            "[saiu|foi] pro [apartamento antigo|endereço da minha ex|lugar errado] a compra {pedido}, [conseguem desviar|interceptam]?",
            "[esqueci de pôr|faltou] o [bloco|apto|ponto de referência] na compra, [acrescentem|anotam aí] [pf|]",
            "[semana que vem|amanhã] [viajo|me mudo], [manda|pode mandar] pra casa da minha [mãe|irmã] [em {cidade}|]?",
            "não deixa salvar [meu novo logradouro|rua nova] no perfil, [diz|fala] cep inválido",
            "recebe [em caixa postal|em loja de conveniência|na portaria]?",
        ),
        human=(
            "Anotei o complemento na etiqueta, {nome}.",
            "{nome}, já foi faturado; quem desvia agora é a transportadora, abri o pedido por você.",
            "Cadastra como segundo destinatário, {nome}, e escolhe na hora de fechar.",
        ),
        peers=(
            "avisa na portaria antiga que eles guardam",
            "depois que sai não mudam mais, tentei",
        ),
        foreign=(
            "me mudo mañana, pueden cambiar dónde llega?",
            "forgot my apartment number on the order",
        ),
    ),
    "garantia": Subject(
        asks=(
            "[morreu|foi pro saco|pegou fogo kkk] meu {produto} e [nem tem|não fez] um semestre",
            "[o conserto|a autorizada] [quer cobrar|tá pedindo] {valor}, [não era de graça|tá certo isso]?",
            "[meu|o] {produto} tá na oficina credenciada [faz|tem] [mais de um mês|quarenta dias]",
            "perdi [o certificado|o manual] do {produto}, [perco|ainda tenho] a cobertura?",
            "quem conserta {produto} [de vocês|da marca] aqui em {cidade}?",
        ),
        human=(
            "Cobertura confirmada, {nome}: o conserto não tem custo.",
            "{nome}, passou de 30 dias você pode pedir um novo. Abri a solicitação {codigo}.",
            "Não precisa do certificado, {nome}, o CPF basta.",
        ),
        captions=(
            "pifou e ficou nisso",
            "olha a faísca que saiu",
        ),
        peers=(
            "passou de trinta dias eles têm que dar outro, exige",
            "não deixa cobrarem, o meu fizeram de graça",
        ),
        foreign=(
            "se quemó mi {produto}, lo cubren?",
            "repair shop wants {valor}, shouldn't it be free?",
        ),
    ),
    "cartao": Subject(
        asks=(
            "[passo|tento] o [nubank|débito|visa] e [volta erro|diz não autorizada], [no mercado passa normal|já liguei no banco]",
            "[fui cobrado|descontaram] [a mais|em dobro|três vezes] pelo mesmo {produto}",
            "[tem|cobram] juros [se fizer|fazendo] em [12x|6x]?",
            "quero mudar [a bandeira|o cartão] depois de [fechar|concluir] a compra {pedido}, [rola|dá]?",
            "[não fui eu|golpe?] lançamento de {valor} [em nome da loja|escrito AURORA] no meu extrato",
        ),
        human=(
            "O lançamento repetido cai sozinho em 72 horas, {nome}.",
            "{nome}, de 11 a 12 vezes tem juros de 1,9% ao mês.",
            "Para trocar de cartão precisamos refazer a compra, {nome}, posso?",
        ),
        bot=("💳 Não autorizou? Geralmente é **limite para compras on-line**: veja no aplicativo do seu banco.",),
        peers=(
            "usa o cartão virtual que passa",
            "o lançamento em dobro sumiu do meu no dia seguinte",
        ),
        foreign=(
            "la tarjeta no pasa y tengo saldo",
            "charged twice for the same {produto}, please fix",
        ),
    ),
    "pontos": Subject(
        asks=(
            "[evaporaram|zeraram] minhas [moedas|estrelas|milhas] do clubinho",
            "[troco|dá pra trocar] [a pontuação|os pontinhos] por [um {produto}|frete|desconto]?",
            "comprei {dia} e a pontuação [tá igual|não mexeu]",
            "subi de nível [no clube|] e não [ganhei|veio] o brinde",
            "quanto [rende|dá] de ponto gastando {valor}",
        ),
        human=(
            "Lancei o saldo manualmente, {nome}, dá uma olhada.",
            "{nome}, cada real vira um ponto e o brinde sai no mês seguinte.",
        ),
        peers=(
            "leva uns dias, o meu entrou depois que avaliei a compra",
            "cada real é um ponto, se não me engano",
        ),
        foreign=(
            "desaparecieron mis estrellas del programa",
            "how many points do I get for {valor}?",
        ),
    ),
    "estoque": Subject(
        asks=(
            "[queria muito|tô atrás de] {produto}, [só tem sob encomenda|nunca mais teve|acabou de vez]?",
            "[avisam|me avisem] quando [pintar|aparecer] {produto} [azul|grande|110v]",
            "[sobrou|restou] algum {produto} [em {cidade}|na filial|do mostruário]?",
            "coloco {produto} na sacola e [fala que acabou|some sozinho]",
            "[saiu de linha|descontinuaram] o {produto}?",
        ),
        human=(
            "Deve pintar na terça, {nome}, reservo um para você?",
            "{nome}, saiu de linha, mas o modelo novo chega este mês.",
        ),
        peers=(
            "tinha uns cinco na filial de {cidade} hoje cedo",
            "saiu de linha, o vendedor me falou",
        ),
        foreign=(
            "se agotó el {produto} para siempre?",
            "any {produto} left in {cidade}?",
        ),
    ),
    "cadastro": Subject(
        asks=(
            "[casei|me divorciei] e [mudou meu sobrenome|preciso atualizar o nome] [aí|na loja]",
            "[chega|recebo] [email|sms] de vocês [dez vezes por dia|toda hora], [me tirem dessa lista|como paro isso]",
            "[fiz|abri] [duas contas|dois perfis] sem perceber, [juntam|unificam] pra mim?",
            "a confirmação do meu perfil [venceu|nunca vem], [mandam outra|e daí]?",
            "[que dados|o que] vocês guardam [sobre mim|da gente]? quero [ver|uma cópia|que sumam]",
        ),
        human=(
            "Unifiquei os dois perfis, {nome}.",
            "{nome}, você não recebe mais propaganda a partir de amanhã.",
            "A cópia dos seus dados chega no seu e-mail em duas semanas, {nome}.",
        ),
        bot=("🗂️ Nome, telefone e preferências: https://lojaaurora.example/perfil",),
        peers=(
            "no rodapé do e-mail tem descadastrar",
            "manda foto do documento no privado deles",
        ),
        foreign=(
            "cambié de apellido, cómo lo actualizo?",
            "stop the spam please, how do I unsubscribe?",
        ),
    ),
    "opiniao": Subject(
        asks=(
            "[sinceramente|na real], o {produto} [daqui|] é [furada|coisa boa|tudo isso]?",
            "{produto}: [compro|pego] ou [fujo|espero promoção]?",
            "[tô na dúvida|indecisa] entre {produto} e esperar | [palpites|opiniões]?",
            "[minha sogra|meu marido] quer um {produto}, [aguenta o tranco|esquenta muito|consome muita luz]?",
            "[quem aí|alguma alma] [usa|testou] {produto} [faz tempo|há mais de ano]?",
        ),
        human=(
            "Sai muito e quase não volta, {nome} 😄",
            "{nome}, para uso pesado eu iria no modelo profissional.",
        ),
        peers=(
            "furada, o meu pifou rapidinho",
            "pode pegar sem medo, já estou no segundo",
            "bom custo-benefício, só o cabo que é curto",
            "espera promoção, semana passada estava bem menos",
        ),
        foreign=(
            "vale la pena el {produto}?",
            "thoughts on the {produto}? worth it?",
        ),
    ),
    "loja": Subject(
        asks=(
            "[hoje|domingo|véspera de feriado] [tá|vai estar] [aberta|funcionando] aí em {cidade}?",
            "[cê sabe|sabem] [se tem|de] estacionamento na unidade de {cidade}?",
            "[me passa|qual é] o zap [da filial|da unidade de {cidade}]",
            "vão abrir [filial|loja nova|quiosque] em {cidade}?",
            "chego umas [21h|nove da noite], ainda [pego aberto|dá tempo de entrar] na unidade do centro?",
        ),
        human=(
            "Estamos abertos até as 22h, {nome}, pode vir!",
            "{nome}, o estacionamento é grátis na primeira hora.",
            "Ainda sem previsão para {cidade}, {nome}.",
        ),
        bot=("📍 Unidades, telefones e horários: https://lojaaurora.example/unidades",),
        peers=(
            "domingo abre ao meio-dia",
            "tem estacionamento sim, mas é pago",
        ),
        foreign=(
            "abren mañana que es feriado?",
            "is there parking at the {cidade} store?",
        ),
    ),
    "site_fora": Subject(
        asks=(
            "[tudo|a página tá] em branco [aqui|pra mim], [só eu|mais alguém|com vcs também]?",
            "[morreu|travou|bugou] a loja virtual? [tava|estava] no meio da compra [do {produto}|]",
            "[dá|tá dando] gateway timeout [em tudo|quando clico em pagar|]",
            "não [conecta|entra] nem pelo [4g|computador|navegador], [derrubaram vcs|que houve|foi geral]",
            "[voltam|normaliza] que horas? [tô com a sacola cheia|quero fechar a compra|]",
        ),
        human=(
            "Estamos cientes, {nome}, a equipe de plantão foi acionada.",
            "Deve voltar ainda nesta tarde, {nome}; a sua sacola fica guardada.",
            "Aos poucos está voltando, {nome}, atualiza a página.",
        ),
        captions=(
            "tudo branco assim",
            "timeout, ó",
        ),
        peers=(
            "foi geral, minha prima também não conecta",
            "pelo 5g entrou devagarinho aqui",
        ),
        foreign=(
            "se cayó la tienda?",
            "getting a blank page, anyone else?",
        ),
    ),
}
