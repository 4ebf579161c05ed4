WITH opened AS (
    SELECT *, event_of_payments(event) AS e
    FROM events
    WHERE kind IN ('pre_checkout_query', 'shipping_query', 'purchased_paid_media', 'subscription')
), told AS (
    SELECT *, facts_of_payments(facts).successful_payment AS paid, facts_of_payments(facts).refunded_payment AS refunded
    FROM message_facts
    WHERE kind IN ('successful_payment', 'refunded_payment')
)
SELECT context_date, bot_id, received_at, raw, ordinal, kind,
       CAST(NULL AS BIGINT) AS chat_id,
       CAST(NULL AS BIGINT) AS message_id,
       coalesce(e."from".id, e."user".id) AS user_id,
       CAST(NULL AS TIMESTAMPTZ) AS occurred_at,
       e.currency AS currency,
       e.total_amount AS amount,
       coalesce(e.invoice_payload, e.paid_media_payload) AS payload,
       CAST(NULL AS VARCHAR) AS charge_id,
       CAST(NULL AS VARCHAR) AS provider_charge_id,
       e.id AS query_id,
       e.shipping_option_id AS shipping_option,
       e.state AS state,
       CAST(NULL AS BOOLEAN) AS is_recurring,
       CAST(NULL AS BOOLEAN) AS is_first_recurring,
       CAST(NULL AS TIMESTAMPTZ) AS paid_until,
       CAST(coalesce(event -> '$.order_info', event -> '$.shipping_address') AS VARCHAR) AS order_info
FROM opened
UNION ALL BY NAME
SELECT context_date, bot_id, received_at, raw, ordinal, kind, chat_id, message_id, user_id,
       sent_at AS occurred_at,
       coalesce(paid.currency, refunded.currency) AS currency,
       coalesce(paid.total_amount, refunded.total_amount) AS amount,
       coalesce(paid.invoice_payload, refunded.invoice_payload) AS payload,
       coalesce(paid.telegram_payment_charge_id, refunded.telegram_payment_charge_id) AS charge_id,
       coalesce(paid.provider_payment_charge_id, refunded.provider_payment_charge_id) AS provider_charge_id,
       paid.shipping_option_id AS shipping_option,
       paid.is_recurring AS is_recurring,
       paid.is_first_recurring AS is_first_recurring,
       instant(paid.subscription_expiration_date) AS paid_until,
       CAST(facts -> '$.successful_payment.order_info' AS VARCHAR) AS order_info
FROM told
