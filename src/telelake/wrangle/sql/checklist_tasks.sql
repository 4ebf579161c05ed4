WITH opened AS (
    SELECT *, facts_of_checklist_tasks(facts).checklist AS checklist FROM message_facts WHERE kind = 'checklist'
), listed AS (
    SELECT context_date, bot_id, received_at, raw, ordinal, account_id, chat_id, message_id, user_id, sent_at,
           checklist.title AS title, unnest(checklist.tasks) AS task, generate_subscripts(checklist.tasks, 1) AS position
    FROM opened
)
SELECT * EXCLUDE (task),
       task.id AS task_id,
       task.text AS text,
       task.completed_by_user.id AS completed_by_user_id,
       task.completed_by_chat.id AS completed_by_chat_id,
       instant(task.completion_date) AS completed_at
FROM listed
