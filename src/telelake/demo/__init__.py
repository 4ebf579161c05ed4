"""A made-up Portuguese support group, so that a lake can be looked at before there is a bot.

Owns who the people are, what they say and when, and the posting of it to a webhook. Knows Telegram's wire form and
nothing of lakes, tables or settings. Nobody here exists: usernames carry `ficticia` or `ficticio`,
addresses end in `.example`.
"""

from telelake.demo.group import Delivery, Expected, Generator, generate
from telelake.demo.post import post_all

__all__ = ["Delivery", "Expected", "Generator", "generate", "post_all"]
