"""What every page needs: the reader's language, who they are, the filters in the address, and links that keep them.

The page's address holds its whole state, so a view is a link. Numbers come through the API, by the script.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from telelake.present.formats import plain
from telelake.present.params import FILTERS
from telelake.present.vocabulary import GROUPS, LANGS, Lang
from telelake.present.web.texts import TEXTS, choose, number

if TYPE_CHECKING:
    from jinja2 import Environment
    from starlette.requests import Request

    from telelake.present.web.access import Person
    from telelake.present.web.static_files import StaticFiles

_FIRST = next(iter(GROUPS))
FILES = ("style.css", "pages.css", "page.js", "sql.js", "login.js", "vega.js", "icon.svg")


@dataclass(frozen=True, slots=True)
class View:
    """One request for a page."""

    lang: Lang
    path: str
    query: Mapping[str, str]
    person: Person | None
    facts: Mapping[str, Any]
    files: Mapping[str, str]

    @property
    def t(self) -> Mapping[str, str]:
        """The page's words."""
        return TEXTS[self.lang]

    @property
    def chosen(self) -> dict[str, str]:
        """The filters that are set."""
        return {name: self.query[name] for name in FILTERS if self.query.get(name)}

    def address(self, path: str, **changes: str) -> str:
        """Return a page's address with the filters of this one; an empty change takes a filter away."""
        kept = {**self.chosen, "lang": self.lang, **changes}
        return f"{path}?{urlencode({name: value for name, value in kept.items() if value})}"

    def context(self) -> dict[str, Any]:
        """Return what the base of all pages is filled with."""
        other: Lang = "en" if self.lang == "pt" else "pt"
        return {
            "t": self.t, "lang": self.lang, "path": self.path, "person": self.person, "files": self.files,
            "address": self.address, "other_lang": other,
            "other_url": f"{self.path}?{urlencode({**self.query, 'lang': other})}",
            "clear_url": f"{self.path}?{urlencode({'lang': self.lang})}",
            "made_up": bool(self.facts.get("made_up")), "facts": self._facts(), "nav": self._nav(),
            "chosen": {name: self.chosen.get(name, "") for name in FILTERS}, "is_filtered": bool(self.chosen),
            "words": "", "error": None,
        }  # fmt: skip

    def _nav(self) -> list[dict[str, str]]:
        paths = {
            ("/" if at == 0 else f"/{group}"): titles[LANGS.index(self.lang)]
            for at, (group, titles) in enumerate(GROUPS.items())
        }
        if self.person is not None and self.person.may("analyst"):
            paths["/sql"] = "SQL"
        return [{"path": path, "title": title, "url": self.address(path)} for path, title in paths.items()]

    def _facts(self) -> list[tuple[str, str]]:
        names = {"timezone": "timezone", "last_day": "last_day", "updated_at": "updated"}
        if self.person is not None and self.person.may("admin"):
            names = {"home": "home", **names}
        shown = [
            (self.t[text], _fact(self.facts[name])) for name, text in names.items() if self.facts.get(name) is not None
        ]
        if (messages := self.facts.get("messages")) is not None:
            shown.append((self.t["messages"].capitalize(), number(messages, self.lang)))
        return shown


class Viewer:
    """Makes views of requests."""

    def __init__(self, files: StaticFiles, facts: Callable[[], Mapping[str, Any]], lang: Lang) -> None:
        self._files = files
        self._facts = facts
        self._lang = lang

    def language(self, request: Request) -> Lang:
        """Return the language of the address, else the browser's, else the default."""
        return choose(request.query_params.get("lang"), request.headers.get("accept-language"), self._lang)

    def of(self, request: Request) -> View:
        """Return the view of a request."""
        return View(
            lang=self.language(request),
            path=request.url.path,
            query=dict(request.query_params),
            person=request.state.person,
            facts=self._facts(),
            files={name: self._files.url(name) for name in FILES},
        )


def render(template: str, view: View, **more: Any) -> str:
    """Return a page."""
    return _environment().get_template(template).render({**view.context(), **more})


def data(value: Any) -> str:
    """Return JSON for a data block of HTML, which only `</script` could end."""
    return json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")


def _fact(value: Any) -> str:
    return f"{value:%Y-%m-%d %H:%M} UTC" if hasattr(value, "hour") else str(plain(value))


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    folder = Path(__file__).with_name("templates")
    return Environment(
        loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )  # fmt: skip
