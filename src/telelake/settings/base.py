"""What sections of the settings are made of: their strictness, secrets that are named and never written, addresses without one."""

from __future__ import annotations

import os
import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from telelake.errors import SettingsError

NO_VARIABLE = (
    "That is no name of an environment variable. Give the name of the variable that holds the secret, such as "
    "SUPPORT_BOT_TOKEN, and not the secret itself."
)
USERINFO = "There is a user name or a password in it, and secrets are not written into the settings. Take it out."


def is_variable(text: str) -> bool:
    """Return whether a text can be the name of an environment variable. A token cannot: it has a colon."""
    return re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", text) is not None


def is_token(text: str) -> bool:
    """Return whether a text has the form of a bot's token."""
    return re.fullmatch(r"[0-9]+:[A-Za-z0-9_-]+", text) is not None


def has_userinfo(url: str) -> bool:
    """Return whether an address has a user name or a password before its host."""
    return "@" in re.split(r"[/?#]", url.partition("://")[2], maxsplit=1)[0]


def _variable(text: str) -> str:
    # What is wrong is not repeated: it may be the secret.
    if not is_variable(text):
        raise PydanticCustomError("variable", NO_VARIABLE.rstrip("."))
    return text


def without_userinfo(url: str) -> str:
    """Return an address, or refuse it when it holds a user name or a password."""
    if has_userinfo(url):
        raise PydanticCustomError("userinfo", USERINFO.rstrip("."))
    return url


Address = Annotated[str, Field(pattern=r"^https?://"), AfterValidator(without_userinfo)]
"""An address of http or https that may be shown."""


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, hide_input_in_errors=True)


class Secret(Section):
    """Where a secret is found; never the secret itself."""

    env: Annotated[str, AfterValidator(_variable)]
    """Name of the environment variable that holds it."""

    def read(self) -> str:
        """Return the secret.

        Raises:
            SettingsError: the variable is unset or empty.
        """
        value = os.environ.get(self.env, "")
        if not value:
            raise SettingsError(f"The environment variable {self.env} is not set. Export it, then start again.")
        return value
