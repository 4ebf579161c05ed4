WITH listed AS (
    SELECT context_date, bot_id, received_at, raw, ordinal, o.id AS poll_id, o.correct_option_ids AS right_ones, is_latest,
           unnest(o.options) AS option, generate_subscripts(o.options, 1) AS position
    FROM poll_states
)
SELECT context_date, bot_id, received_at, raw, ordinal,
       poll_id,
       position,
       option.persistent_id AS option_id,
       option.text AS text,
       option.voter_count AS voters,
       CASE WHEN right_ones IS NOT NULL THEN list_contains(right_ones, position - 1) END AS is_correct,
       option.added_by_user.id AS added_by_user_id,
       instant(option.addition_date) AS added_at,
       is_latest
FROM listed
