"""The models of what questions are about."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from telelake.errors import SettingsError
from telelake.settings import Settings
from telelake.wiring.capturing import Capturing

if TYPE_CHECKING:
    from telelake.talk.topics.fit import Embedder
    from telelake.talk.topics.shelf import Shelf


class Topics(Capturing):
    """What learns topics."""

    def __init__(self, settings: Settings, *, is_made_up: bool = False) -> None:
        super().__init__(settings, is_made_up=is_made_up)
        self._topics_tried: date | None = None

    @cached_property
    def topic_models(self) -> Shelf:
        """The topic models of the home.

        Raises:
            SettingsError: the packages for it are not installed.
        """
        try:
            from telelake.talk.topics.shelf import Shelf
        except ModuleNotFoundError as error:
            raise SettingsError(
                f"Topics need a package that is not installed ({error.name}): pip install 'telelake[topics]'"
            ) from error
        return Shelf(self.store)

    def fit_topics(self) -> bool:
        """Learn a topic model from the questions there are; return whether it is another than the one in use.

        Raises:
            SettingsError: there are too few questions, or the embedder or a package is missing.
            NotStored: nothing was published yet.
            Conflict: somebody else fitted one meanwhile.
        """
        shelf = self.topic_models
        from telelake.talk.topics.fit import fit
        from telelake.talk.topics.source import asked

        former, most = shelf.latest(), self.settings.topics.sample
        files = self.tables.files(self._latest(), "questions")
        return shelf.add(fit(asked(files, most), most, former.model if former else None, self._embedder()))

    def fit_topics_when_due(self) -> bool:
        """Fit the first topic model when there are enough questions, and another when it is old; return whether it did."""
        try:
            shelf = self.topic_models
        except SettingsError:
            return False  # without the packages there are no topics, and nothing is amiss
        from telelake.talk.topics.source import different

        release, settings, former = self.tables.latest(), self.settings.topics, shelf.latest()
        today = datetime.now(self.zone).date()
        if release is None or self._topics_tried == today:
            return False
        if former is None:
            is_due = different(self.tables.files(release, "questions")) >= settings.first_questions
        else:
            is_due = 0 < settings.refit_days <= (datetime.now(UTC) - former.made_at).days
        if not is_due:
            return False
        self._topics_tried = today  # once a day, also when it fails, or finds what it found before
        return self.fit_topics()

    def _embedder(self) -> Embedder | None:
        from telelake.talk.topics.embedders import LOCAL, LocalModel, Server

        topics = self.settings.topics
        if topics.embedder == "builtin":
            return None
        if topics.embedder.startswith(LOCAL):
            return LocalModel(topics.embedder)
        return Server(
            topics.embedder, topics.embedder_model, topics.embedder_key.read() if topics.embedder_key else None
        )
