"""AWS: the stack as a template, the functions' packages, and what puts both into an account.

Runs on the machine that deploys, never in a function. Needs `pip install 'telelake[aws]'`.
"""
