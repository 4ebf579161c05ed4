"""Questions grouped by meaning: a model learned from the group's own questions, and the table `question_topics`."""
