-- title.en: Errors of the Bot API
-- title.pt: Erros da Bot API
-- definition.en: Requests of our bots that Telegram did not do, by method, error code and Telegram's own words; without a code no answer came. The 50 most frequent.
-- definition.pt: Pedidos de nossos bots que o Telegram não atendeu, por método, código de erro e as palavras do próprio Telegram; sem código não veio resposta. Os 50 mais frequentes.
-- group: bot
-- order: 50
-- chart: table
-- params: from, to, chat, week, hour, weekday
-- rows: calls method error_code description
-- rows.where: NOT coalesce(ok, false)
SELECT method, error_code, description, count(*) AS errors, max(day) AS last_day
FROM chosen_calls($from, $to, $chat, $week, $hour, $weekday)
WHERE NOT coalesce(ok, false)
GROUP BY method, error_code, description
ORDER BY 4 DESC, 1, 2, 3
LIMIT 50
