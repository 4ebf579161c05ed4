-- A late copy of what is published is counted there.
SELECT both_updates.* REPLACE (both_updates.deliveries + coalesce(seen_again.deliveries, 0) AS deliveries)
FROM both_updates
LEFT JOIN seen_again ON seen_again.context_date = both_updates.context_date AND seen_again.raw = both_updates.raw
