SELECT context_date, bot_id, what, path, value, sum(updates) AS updates, min(example_raw) AS example_raw
FROM both_drift
GROUP BY ALL
