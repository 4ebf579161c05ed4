"""What is said in the made-up group whatever the wordings, and names of people and places: data only, Brazilian Portuguese.

What people ask and answer is in `wordings`. `**…**` is bold and a backtick is code. Slots: {pedido} {valor} {produto}
{dia} {cidade} {cep} {codigo}.
"""

from __future__ import annotations

SHARES = (
    "olhem essa promoção: https://lojaaurora.example/ofertas/{pedido}",
    "😍 achei barato https://lojaaurora.example/p/{pedido}",
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
    " 🙏",
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
REACTIONS = ("👍", "👍", "👍", "❤", "🙏", "👏", "🔥", "😁")
"""Of somebody who likes it."""
SAD_REACTIONS = ("👎", "😢", "🤔")
STICKERS = ("😂", "👍", "❤️", "😭", "🙏", "😡", "🎉")
THANKFUL_STICKERS = ("👍", "❤️", "🙏", "🎉")

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
