-- title.en: How fresh is it?
-- title.pt: Quão recente é?
-- definition.en: The last update that was received and the last lake day of the chosen days, when a table was last built, days in the lake, and the raw records that went into them. Compare with your clock: the lake has none.
-- definition.pt: O último update recebido e o último dia do lago entre os dias escolhidos, quando uma tabela foi construída por último, dias no lago, e os registros brutos que entraram neles. Compare com o seu relógio: o lago não tem um.
-- group: data
-- order: 10
-- chart: figures
-- params: from, to
WITH days AS (SELECT context_date, max(raw_records) AS raw_records, max(built_at) AS built_at FROM builds
              WHERE is_chosen_day(context_date, $from, $to, NULL, NULL) GROUP BY context_date)
SELECT (SELECT max(received_at) FROM updates WHERE is_chosen_day(context_date, $from, $to, NULL, NULL)) AS last_received_at,
       max(context_date) AS last_day,
       max(built_at) AS last_built_at,
       count(*) AS lake_days,
       CAST(coalesce(sum(raw_records), 0) AS BIGINT) AS raw_records
FROM days
