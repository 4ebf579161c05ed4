-- title.en: Completeness by day
-- title.pt: Completude por dia
-- definition.en: The books of each lake day, as its build kept them: raw records = rows of updates and calls + duplicates + quarantined. Missing is what does not add up, and a day on which it is not 0 is not published: anything else here is a fault. A duplicate is the same record, or the same update delivered again.
-- definition.pt: As contas de cada dia do lago, como sua construção as guardou: registros brutos = linhas de updates e calls + duplicados + em quarentena. Faltando é o que não fecha, e um dia em que não é 0 não é publicado: outra coisa aqui é um defeito. Um duplicado é o mesmo registro, ou o mesmo update entregue de novo.
-- group: data
-- order: 20
-- chart: table
-- params: from, to, week, weekday
WITH days AS (SELECT context_date AS day, max(raw_records) AS raw_records, max(duplicates) AS duplicates,
                     max(quarantined) AS quarantined,
                     CAST(coalesce(sum(rows) FILTER (WHERE table_name IN ('updates', 'calls')), 0) AS BIGINT) AS rows
              FROM builds WHERE is_chosen_day(context_date, $from, $to, $week, $weekday) GROUP BY context_date)
SELECT day, raw_records, rows, duplicates, quarantined, raw_records - rows - duplicates - quarantined AS missing
FROM days
ORDER BY day
