-- title.en: Delivery lag
-- title.pt: Atraso da entrega
-- definition.en: Seconds from something happening (Telegram's time, whole seconds) to its capture: half, and nine of ten, of the period's updates came within, and the longest. Only updates with a date of their own; imports are left out. A period without them has no lag.
-- definition.pt: Segundos de algo acontecer (hora do Telegram, em segundos inteiros) até sua captura: metade e nove de dez dos updates do período vieram em até, e o mais longo. Só updates com data própria; importações ficam de fora. Um período sem eles não tem atraso.
-- group: bot
-- order: 70
-- chart: line x=period y=p50_seconds,p90_seconds
-- params: from, to, chat, week, hour, weekday, grain=day
-- based_on: updates
-- rows: updates period=period_of(day, hour, $grain)
-- rows.where: delivery_lag_seconds IS NOT NULL
WITH chosen AS MATERIALIZED (SELECT day, period_of(day, hour, $grain) AS period, delivery_lag_seconds AS seconds
                             FROM chosen_updates($from, $to, $chat, $week, $hour, $weekday) WHERE delivery_lag_seconds IS NOT NULL),
     placed AS (SELECT period, seconds FROM chosen),
     periods AS (FROM periods_between((SELECT min(day) FROM chosen), (SELECT max(day) FROM chosen), $grain))
SELECT periods.period,
       period_name(periods.period, $grain) AS period_name,
       count(placed.seconds) AS updates,
       round(within(placed.seconds, 0.5), 3) AS p50_seconds,
       round(within(placed.seconds, 0.9), 3) AS p90_seconds,
       round(max(placed.seconds), 3) AS max_seconds
FROM periods
LEFT JOIN placed ON placed.period = periods.period
GROUP BY periods.period
ORDER BY periods.period
