-- A day's account: what was read, and where each record went.
WITH kept AS (
    SELECT context_date, count(*) AS rows, coalesce(sum(len(notes)), 0) AS notes
    FROM payloads WHERE ordinal = 0 GROUP BY context_date
), counted AS (
    SELECT context_date, count(*) AS records FROM records WHERE ordinal = 0 GROUP BY context_date
), unread AS (
    SELECT context_date, count(*) AS quarantined FROM unreadable GROUP BY context_date
), day AS (
    SELECT context_date FROM counted UNION SELECT context_date FROM unread
)
SELECT day.context_date,
       coalesce(records, 0) + coalesce(quarantined, 0) + coalesce(n, 0) AS raw,
       coalesce(rows, 0) AS rows,
       coalesce(records, 0) - coalesce(rows, 0) + coalesce(n, 0) AS duplicates,
       coalesce(quarantined, 0) AS quarantined,
       coalesce(notes, 0) AS notes
FROM day
LEFT JOIN counted ON counted.context_date = day.context_date
LEFT JOIN kept ON kept.context_date = day.context_date
LEFT JOIN unread ON unread.context_date = day.context_date
LEFT JOIN quarantine_repeats ON quarantine_repeats.context_date = day.context_date
