"""Embedders other than our own: a local model of sentence-transformers, or a server that speaks OpenAI's protocol.

Asked when a model is fitted, never when a day is built: a day is a function of what lies in the lake. To a server go the texts
of the sample of questions, and nothing else; to none unless the setting names one.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from sklearn.preprocessing import normalize

from telelake.errors import SettingsError, StoreUnavailable
from telelake.talk.topics.features import Floats

if TYPE_CHECKING:
    from email.message import Message

LOCAL = "sentence-transformers:"
_BATCH = 128
_LONGEST = 2000
"""Characters of a question that are sent at most."""
_LARGEST_ANSWER = 64 << 20


@dataclass(frozen=True)
class LocalModel:
    """A model of sentence-transformers on this machine."""

    name: str

    def rows(self, texts: Sequence[str]) -> Floats:
        """See `fit.Embedder`."""
        try:
            from sentence_transformers import SentenceTransformer
        except ImportError as error:
            raise SettingsError(
                f"topics.embedder = '{self.name}' needs a package that is not installed: pip install sentence-transformers"
            ) from error
        found = SentenceTransformer(self.name.removeprefix(LOCAL)).encode(list(texts), show_progress_bar=False)
        return _checked(self.name, found, len(texts))


@dataclass(frozen=True)
class Server:
    """A server with OpenAI's `/embeddings`."""

    name: str
    """Its address, up to `/embeddings`."""
    model: str
    key: str | None = None
    seconds: float = 60.0

    def __repr__(self) -> str:
        """Say which, without the key."""
        return f"Server({self.name}, {self.model})"

    def rows(self, texts: Sequence[str]) -> Floats:
        """See `fit.Embedder`."""
        found: list[list[float]] = []
        for start in range(0, len(texts), _BATCH):
            found += self._ask([text[:_LONGEST] for text in texts[start : start + _BATCH]])
        return _checked(self.name, found, len(texts))

    def _ask(self, texts: Sequence[str]) -> list[list[float]]:
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {self.key}"} if self.key else {})
        body = json.dumps({"model": self.model, "input": list(texts)}).encode()
        address = f"{self.name.rstrip('/')}/embeddings"
        request = urllib.request.Request(address, body, headers)  # noqa: S310 - the setting admits http and https only
        try:
            with urllib.request.build_opener(_NoRedirect).open(request, timeout=self.seconds) as answer:
                data = json.loads(answer.read(_LARGEST_ANSWER))["data"]
            return [each["embedding"] for each in sorted(data, key=lambda each: each["index"])]
        except urllib.error.HTTPError as error:
            said = f"The embedder at {address} answered {error.code}."
            if error.code in (408, 429) or error.code >= 500:
                raise StoreUnavailable(f"{said} The topics stay as they are; the next fit tries again.") from None
            raise SettingsError(
                f"{said} Check topics.embedder, topics.embedder_model and topics.embedder_key."
            ) from None
        except OSError as error:
            raise StoreUnavailable(
                f"The embedder at {address} cannot be reached: {error}. The topics stay as they are; the next fit tries again."
            ) from error
        except (ValueError, KeyError, TypeError) as error:
            raise SettingsError(
                f"The embedder at {address} does not answer as OpenAI's /embeddings does. Check topics.embedder."
            ) from error


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: texts and key go to the address that was set, and nowhere else."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> None:
        """Refuse."""


def _checked(name: str, found: Any, count: int) -> Floats:
    try:
        rows = np.asarray(found, np.float32)
    except (ValueError, TypeError):
        rows = np.zeros((0, 0), np.float32)
    if rows.ndim != 2 or len(rows) != count or not np.isfinite(rows).all():
        raise SettingsError(
            f"The embedder {name} gave no row of numbers for each of {count} questions. Check topics.embedder."
        )
    return np.asarray(normalize(rows), np.float32)
