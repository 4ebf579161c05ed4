-- A day's account: what was read, and what was cut or set aside. The rows are counted in what was written, not here:
-- an account whose sides come from one count would always balance.
WITH noted AS (
    SELECT context_date, coalesce(sum(len(notes)), 0) AS notes FROM payloads GROUP BY context_date
), cut AS (
    SELECT context_date, count(*) AS duplicates
    FROM records
    WHERE ordinal = 0 AND rowid IN (SELECT rid FROM duplicates)
    GROUP BY context_date
), counted AS (
    SELECT context_date, count(*) AS records FROM records WHERE ordinal = 0 GROUP BY context_date
), calls AS (
    SELECT context_date, count(*) AS records, count(*) FILTER (copy > 1) AS copies, coalesce(sum(len(notes)), 0) AS notes
    FROM called
    GROUP BY context_date
), unread AS (
    SELECT context_date, count(*) AS quarantined FROM unreadable GROUP BY context_date
), day AS (
    SELECT context_date FROM counted UNION SELECT context_date FROM calls UNION SELECT context_date FROM unread
)
SELECT day.context_date,
       coalesce(counted.records, 0) + coalesce(calls.records, 0) + coalesce(quarantined, 0) + coalesce(n, 0) AS raw,
       coalesce(duplicates, 0) + coalesce(copies, 0) + coalesce(n, 0) AS duplicates,
       coalesce(quarantined, 0) AS quarantined,
       coalesce(noted.notes, 0) + coalesce(calls.notes, 0) AS notes
FROM day
LEFT JOIN counted ON counted.context_date = day.context_date
LEFT JOIN calls ON calls.context_date = day.context_date
LEFT JOIN noted ON noted.context_date = day.context_date
LEFT JOIN cut ON cut.context_date = day.context_date
LEFT JOIN unread ON unread.context_date = day.context_date
LEFT JOIN quarantine_repeats ON quarantine_repeats.context_date = day.context_date
