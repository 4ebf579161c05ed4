"""The dashboard: one page and a small API over a lake."""

from telelake.present.web.app import make_app

__all__ = ["make_app"]
