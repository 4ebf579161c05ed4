"""What is paid, given and raffled."""

from telelake.tables.catalog.common import SEEN
from telelake.tables.model import Column as C
from telelake.tables.model import Kind as K
from telelake.tables.model import Personal as P
from telelake.tables.model import Table


def _each(field: str, *kinds: str) -> tuple[str, ...]:
    return tuple(f"Message.{kind}.{field}" for kind in kinds)


_PAID = ("successful_payment", "refunded_payment")
_GIVEAWAYS = ("giveaway", "giveaway_created", "giveaway_winners", "giveaway_completed")

PAYMENTS = Table(
    name="payments",
    en="A step of a payment: asked about before, done, refunded; paid media bought; a subscription's new state.",
    pt="Um passo de um pagamento: consultado antes, feito, reembolsado; mídia paga comprada; nova situação de uma assinatura.",
    key=("raw", "ordinal"),
    sort=("occurred_at", "received_at"),
    needs=("pre_checkout_query", "shipping_query", "purchased_paid_media", "subscription", *_PAID),
    columns=(
        *SEEN,
        C(6, "kind", K.TEXT, "successful_payment, refunded_payment, pre_checkout_query, shipping_query, purchased_paid_media or subscription.", "successful_payment, refunded_payment, pre_checkout_query, shipping_query, purchased_paid_media ou subscription.", required=True),
        C(7, "chat_id", K.LONG, "Chat of the service message that tells of it.", "Chat da mensagem de serviço que o conta.", ("Message.chat.id",), personal=P.ID),
        C(8, "message_id", K.LONG, "That service message.", "Essa mensagem de serviço.", ("Message.message_id",)),
        C(9, "user_id", K.LONG, "Person who pays; of a service message, its sender.", "Pessoa que paga; numa mensagem de serviço, quem a enviou.", ("Event.from.id", "Event.user.id", "Message.from.id"), personal=P.ID),
        C(10, "occurred_at", K.TIME, "When it happened (UTC); null for queries, which have no date.", "Quando aconteceu (UTC); nulo nas consultas, que não têm data.", ("Message.date",)),
        C(11, "currency", K.TEXT, "Currency, ISO 4217; XTR for Telegram Stars.", "Moeda, ISO 4217; XTR para Telegram Stars.", ("Event.currency", *_each("currency", *_PAID))),
        C(12, "amount", K.LONG, "Amount in the currency's smallest unit (cents); in Stars, whole stars.", "Valor na menor unidade da moeda (centavos); em Stars, estrelas inteiras.", ("Event.total_amount", *_each("total_amount", *_PAID))),
        C(13, "payload", K.TEXT, "What the bot wrote into the invoice.", "O que o bot escreveu na fatura.", ("Event.invoice_payload", "Event.paid_media_payload", *_each("invoice_payload", *_PAID)), personal=P.TEXT),
        C(14, "charge_id", K.TEXT, "Telegram's id of the payment; a refund has that of what it refunds.", "Id do pagamento no Telegram; um reembolso tem o do que foi reembolsado.", _each("telegram_payment_charge_id", *_PAID), personal=P.CODE),
        C(15, "provider_charge_id", K.TEXT, "The payment provider's id of it.", "Id no provedor de pagamento.", _each("provider_payment_charge_id", *_PAID), personal=P.CODE),
        C(16, "query_id", K.TEXT, "Id by which the bot answers the query.", "Id com que o bot responde à consulta.", ("Event.id",), personal=P.CODE),
        C(17, "shipping_option", K.TEXT, "Way of shipping that was chosen.", "Forma de envio escolhida.", ("Event.shipping_option_id", "Message.successful_payment.shipping_option_id")),
        C(18, "state", K.TEXT, "New state of a subscription.", "Nova situação de uma assinatura.", ("Event.state",)),
        C(19, "is_recurring", K.BOOL, "Whether it pays for a subscription.", "Se paga uma assinatura.", ("Message.successful_payment.is_recurring",)),
        C(20, "is_first_recurring", K.BOOL, "Whether it is the first payment of a subscription.", "Se é o primeiro pagamento de uma assinatura.", ("Message.successful_payment.is_first_recurring",)),
        C(21, "paid_until", K.TIME, "Until when the subscription is paid (UTC).", "Até quando a assinatura está paga (UTC).", ("Message.successful_payment.subscription_expiration_date",)),
        C(22, "order_info", K.TEXT, "JSON of name, phone, e-mail and address given with the order.", "JSON de nome, telefone, e-mail e endereço dados no pedido.", ("Event.order_info.*", "Event.shipping_address.*", "Message.successful_payment.order_info.*"), personal=P.JSON),
    ),
)  # fmt: skip

GIFTS = Table(
    name="gifts",
    en="A gift that a service message tells of.",
    pt="Um presente contado por uma mensagem de serviço.",
    key=("raw", "ordinal"),
    sort=("chat_id", "sent_at"),
    needs=("gift", "unique_gift", "gift_upgrade_sent"),
    columns=(
        *SEEN,
        C(6, "kind", K.TEXT, "gift, unique_gift or gift_upgrade_sent.", "gift, unique_gift ou gift_upgrade_sent.", required=True),
        C(7, "chat_id", K.LONG, "Chat that got it.", "Chat que o recebeu.", ("Message.chat.id",), personal=P.ID),
        C(8, "message_id", K.LONG, "Service message.", "Mensagem de serviço.", ("Message.message_id",)),
        C(9, "user_id", K.LONG, "Person who gave it.", "Pessoa que o deu.", ("Message.from.id",), personal=P.ID),
        C(10, "sent_at", K.TIME, "When (UTC).", "Quando (UTC).", ("Message.date",)),
        C(11, "gift_id", K.TEXT, "Telegram's id of the kind of gift.", "Id do tipo de presente no Telegram.", ("Message.gift.gift.id", "Message.gift_upgrade_sent.gift.id", "Message.unique_gift.gift.gift_id")),
        C(12, "stars", K.LONG, "Stars that the gift costs.", "Estrelas que o presente custa.", ("Message.gift.gift.star_count", "Message.gift_upgrade_sent.gift.star_count")),
        C(13, "convert_stars", K.LONG, "Stars for which it may be given back.", "Estrelas pelas quais pode ser devolvido.", _each("convert_star_count", "gift", "gift_upgrade_sent")),
        C(14, "text", K.TEXT, "Words sent with it.", "Palavras enviadas com ele.", _each("text", "gift", "unique_gift", "gift_upgrade_sent"), personal=P.TEXT),
        C(15, "is_private", K.BOOL, "Whether words and giver are shown only to who got it.", "Se as palavras e quem deu só aparecem para quem o recebeu.", _each("is_private", "gift", "unique_gift", "gift_upgrade_sent")),
        C(16, "unique_name", K.TEXT, "Name of a unique gift.", "Nome de um presente único.", ("Message.unique_gift.gift.name",)),
        C(17, "unique_number", K.LONG, "Number of a unique gift among those made of the same.", "Número de um presente único entre os feitos do mesmo.", ("Message.unique_gift.gift.number", *_each("unique_gift_number", "gift", "gift_upgrade_sent"))),
        C(18, "origin", K.TEXT, "How a unique gift came: upgrade, transfer, resale, …", "Como veio um presente único: upgrade, transfer, resale, …", ("Message.unique_gift.origin",)),
        C(19, "resale_currency", K.TEXT, "Currency of its last sale: XTR (Stars) or TON.", "Moeda da última venda: XTR (Stars) ou TON.", ("Message.unique_gift.last_resale_currency",)),
        C(20, "resale_amount", K.LONG, "Price of its last sale, in the smallest unit.", "Preço da última venda, na menor unidade.", ("Message.unique_gift.last_resale_amount",)),
        C(21, "detail", K.TEXT, "JSON of all that Telegram says of it.", "JSON de tudo o que o Telegram diz dele.", _each("*", "gift", "unique_gift", "gift_upgrade_sent"), personal=P.JSON),
    ),
)  # fmt: skip

GIVEAWAYS = Table(
    name="giveaways",
    en="A message about a giveaway: announced, created, drawn or completed.",
    pt="Uma mensagem sobre um sorteio: anunciado, criado, sorteado ou encerrado.",
    key=("raw", "ordinal"),
    sort=("chat_id", "sent_at"),
    needs=_GIVEAWAYS,
    columns=(
        *SEEN,
        C(6, "kind", K.TEXT, "giveaway, giveaway_created, giveaway_winners or giveaway_completed.", "giveaway, giveaway_created, giveaway_winners ou giveaway_completed.", required=True),
        C(7, "chat_id", K.LONG, "Chat of the message.", "Chat da mensagem.", ("Message.chat.id",), personal=P.ID),
        C(8, "message_id", K.LONG, "The message.", "A mensagem.", ("Message.message_id",)),
        C(9, "sent_at", K.TIME, "When it was sent (UTC).", "Quando foi enviada (UTC).", ("Message.date",)),
        C(10, "giveaway_message_id", K.LONG, "Message that announced the giveaway.", "Mensagem que anunciou o sorteio.", ("Message.giveaway_winners.giveaway_message_id", "Message.giveaway_completed.giveaway_message.message_id")),
        C(11, "drawn_at", K.TIME, "When winners are, or were, drawn (UTC).", "Quando os ganhadores são, ou foram, sorteados (UTC).", _each("winners_selection_date", "giveaway", "giveaway_winners")),
        C(12, "winners", K.LONG, "Number of winners.", "Número de ganhadores.", _each("winner_count", "giveaway", "giveaway_winners", "giveaway_completed")),
        C(13, "unclaimed", K.LONG, "Prizes that nobody claimed.", "Prêmios que ninguém retirou.", _each("unclaimed_prize_count", "giveaway_winners", "giveaway_completed")),
        C(14, "stars", K.LONG, "Stars to be shared.", "Estrelas a dividir.", _each("prize_star_count", "giveaway", "giveaway_created", "giveaway_winners")),
        C(15, "premium_months", K.LONG, "Months of Telegram Premium that a winner gets.", "Meses de Telegram Premium que cada ganhador recebe.", _each("premium_subscription_month_count", "giveaway", "giveaway_winners")),
        C(16, "prize", K.TEXT, "Further prize, in words.", "Outro prêmio, em palavras.", _each("prize_description", "giveaway", "giveaway_winners"), personal=P.TEXT),
        C(17, "is_for_new_members", K.BOOL, "Whether only those who join later may win.", "Se só quem entrar depois pode ganhar.", _each("only_new_members", "giveaway", "giveaway_winners")),
        C(18, "was_refunded", K.BOOL, "Whether it was cancelled because the payment was refunded.", "Se foi cancelado porque o pagamento foi reembolsado.", ("Message.giveaway_winners.was_refunded",)),
        C(19, "detail", K.TEXT, "JSON of all that Telegram says of it, chats and winners included.", "JSON de tudo o que o Telegram diz dele, inclusive chats e ganhadores.", _each("*", *_GIVEAWAYS), personal=P.JSON),
    ),
)  # fmt: skip
