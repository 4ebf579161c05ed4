-- title.en: What Telegram has that is not known
-- title.pt: O que o Telegram tem e não se conhece
-- definition.en: Kinds of updates, fields, values and types in what came from Telegram that the Bot API, as telelake knows it, does not have: in how many updates, and on which lake days first and last. All of it is kept, in raw and in the column extra. A newer telelake may know it.
-- definition.pt: Tipos de updates, campos, valores e tipos no que veio do Telegram que a Bot API, como o telelake a conhece, não tem: em quantos updates, e em que dias do lago primeiro e por último. Tudo está guardado, no bruto e na coluna extra. Um telelake mais novo pode conhecê-lo.
-- group: data
-- order: 50
-- chart: table
-- params: from, to, week, weekday
-- rows: drift what path value
-- rows.where: is_chosen_day(context_date, $from, $to, $week, $weekday)
SELECT what, path, value, CAST(sum(updates) AS BIGINT) AS updates, min(context_date) AS first_day, max(context_date) AS last_day
FROM drift
WHERE is_chosen_day(context_date, $from, $to, $week, $weekday)
GROUP BY what, path, value
ORDER BY 4 DESC, 1, 2, 3
