-- title.en: Calls to the Bot API
-- title.pt: Chamadas à Bot API
-- definition.en: Requests that our bots made through the recording proxy, or in an answer to the webhook, by method: how many, those that Telegram did not do (an error, or no answer) and their share, and the time to the end of Telegram's answer: half, and nine of ten, within, and the longest. Long polling (getUpdates) waits on purpose.
-- definition.pt: Pedidos que nossos bots fizeram pelo proxy gravador, ou na resposta ao webhook, por método: quantos, os que o Telegram não atendeu (erro, ou sem resposta) e sua parcela, e o tempo até o fim da resposta: metade e nove de dez em até, e o mais longo. O long polling (getUpdates) espera de propósito.
-- group: bot
-- order: 40
-- chart: table
-- params: from, to, chat, week, hour, weekday
-- based_on: calls
-- rows: calls method
-- rows.errors: NOT coalesce(ok, false)
-- rows.error_rate: NOT coalesce(ok, false)
WITH placed AS (SELECT method, ok, seconds
                FROM chosen_calls($from, $to, $chat, $week, $hour, $weekday))
SELECT method,
       count(*) AS calls,
       count(*) FILTER (WHERE NOT coalesce(ok, false)) AS errors,
       share_of(NOT coalesce(ok, false)) AS error_rate,
       round(within(seconds, 0.5), 3) AS p50_seconds,
       round(within(seconds, 0.9), 3) AS p90_seconds,
       round(max(seconds), 3) AS max_seconds
FROM placed
GROUP BY method
ORDER BY 2 DESC, 1
