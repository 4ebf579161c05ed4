"""Work in a thread for as long as somebody waits for it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from starlette.concurrency import run_in_threadpool

from telelake.present.query import Cancel

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

T = TypeVar("T")


async def while_wanted(request: Request, work: Callable[[Cancel], T]) -> T:
    """Run `work`; when the reader goes away or presses Cancel, its query is stopped and the process is free again.

    The request's body must have been read: what comes next is that the reader is gone.
    """
    cancel = Cancel()

    async def watch() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            continue
        cancel()

    watching = asyncio.create_task(watch())
    try:
        return await run_in_threadpool(work, cancel)
    finally:
        watching.cancel()
