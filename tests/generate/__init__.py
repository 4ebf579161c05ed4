"""Made-up deliveries of every update kind, of every Message field, and of what Telegram never should send.

Driven by the reduced Bot API, so a new kind or field of it is generated without a line changed here. Everything comes
from a seed: the same call gives the same bytes, on any machine. Use it so::

    from tests.generate import deliveries

    for each in deliveries(seed=7, count=10_000):            # in order of arrival, over `days` days before the last
        lake.record(each.body, each.at, each.bot)            # each.tags says what was done to it: () when nothing

`deliveries(…, mutated=0)` gives what Telegram would send and nothing else: one kind a body, right types, entities
with right UTF-16 offsets, ids of small pools of people and chats so that messages meet again (edits, a second bot in
the group). Every `count` of some 400 or more holds every update kind and every Message field; see `Objects.missing`.

`mutated=0.3` (the default) spoils that part of the bodies (see `mutate.BODIES` for the ways, each occurs as often as
any other) and disturbs the stream: the same body again, after midnight too, disorder, lateness by a day or more, jumps,
resets and repeats of `update_id`.

A single update: `Objects(random.Random(1)).update("poll_answer", 10)`; a message with a given field:
`Objects(…).message(field="successful_payment")`. What is wanted of the wire alone: `write(update)`.
"""

from tests.generate.objects import Objects
from tests.generate.stream import Delivery, deliveries, write

__all__ = ["Delivery", "Objects", "deliveries", "write"]
