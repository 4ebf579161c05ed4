"""Where a request comes from, and whether that is Telegram.

Telegram posts webhooks from two networks. Behind a reverse proxy the peer is the proxy, and the client stands in
`X-Forwarded-For`; but anybody can send that header, so it counts only when the peer is the proxy that the settings trust.
Each hop adds the address that it saw at the right, so the right-most one that is no trusted proxy is the client's: what
stands left of it was sent by the client and may be made up.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from telelake.errors import SettingsError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

TELEGRAM: tuple[Network, ...] = (IPv4Network("149.154.160.0/20"), IPv4Network("91.108.4.0/22"))
"""The networks that webhooks are posted from, as the Bot API's guide names them."""

_FORWARDED = b"x-forwarded-for"
_WITH_PORT = re.compile(r"\[(?P<v6>[^\]]*)\](?::\d*)?|(?P<v4>[\d.]+):\d*")


class SourceCheck:
    """Admits requests from some networks only."""

    def __init__(self, trusted_proxy: str | None = None, admitted: Sequence[Network] = TELEGRAM) -> None:
        """Make the check.

        Args:
            trusted_proxy: address or network of the proxies whose `X-Forwarded-For` is believed.
            admitted: networks that may post.

        Raises:
            SettingsError: `trusted_proxy` is neither an address nor a network.
        """
        self._trusted = _network(trusted_proxy) if trusted_proxy is not None else None
        self._admitted = admitted

    def admits(self, peer: str | None, headers: Iterable[tuple[bytes, bytes]]) -> bool:
        """Return whether a request from `peer` (its address, None when it has none) comes from an admitted network."""
        found = self._client(peer, headers)
        return found is not None and any(found in network for network in self._admitted)

    def _client(self, peer: str | None, headers: Iterable[tuple[bytes, bytes]]) -> Address | None:
        """Return the client's address; None when it cannot be told."""
        found = _address(peer or "")
        if not self._trusts(found):
            return found
        # More than one such header reads as one, in the order of their lines.
        hops = b",".join(value for name, value in headers if name == _FORWARDED).decode("latin-1")
        for hop in reversed(hops.split(",")):
            found = _address(hop.strip())
            if not self._trusts(found):
                break
        return found

    def _trusts(self, found: Address | None) -> bool:
        return found is not None and self._trusted is not None and found in self._trusted


@lru_cache(maxsize=1024)
def _address(text: str) -> Address | None:
    """Return an address, with or without a port; one of IPv4 that is written as IPv6 is one of IPv4."""
    if match := _WITH_PORT.fullmatch(text):
        text = match["v6"] or match["v4"] or ""
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def _network(text: str) -> Network:
    try:
        return ip_network(text.strip(), strict=False)
    except ValueError:
        raise SettingsError(
            f"capture.trusted_proxy = '{text}' is neither an address nor a network. Write it as 127.0.0.1 or 10.0.0.0/8."
        ) from None
