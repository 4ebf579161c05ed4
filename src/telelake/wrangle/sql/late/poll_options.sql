SELECT both_poll_options.* REPLACE (merged_polls.is_latest AS is_latest)
FROM both_poll_options
JOIN merged_polls
  ON  merged_polls.context_date = both_poll_options.context_date
  AND merged_polls.raw = both_poll_options.raw
  AND merged_polls.ordinal = both_poll_options.ordinal
