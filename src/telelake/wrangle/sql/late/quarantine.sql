SELECT * FROM published_quarantine
UNION ALL BY NAME
SELECT *
FROM late_quarantine
WHERE NOT EXISTS (
    SELECT 1
    FROM published_quarantine
    WHERE published_quarantine.context_date = late_quarantine.context_date AND published_quarantine.raw = late_quarantine.raw)
