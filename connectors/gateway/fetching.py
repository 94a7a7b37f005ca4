"""Fetching from an address that somebody gave us, without ever reaching a network of our own.

A link in a message may point at this machine, at the agency's network or at a cloud's metadata service; a name may
resolve to one address when it is checked and to another when it is used; a redirect may lead where the link did not. So
each connection is made to an address that was just checked, every address of the name must be public, and each redirect
starts over. Sizes and times are counted while reading, whatever the server says about them. Built on httpcore, the
transport under httpx, because it lets the connecting be done here.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

import httpcore
import httpx

from connectors.gateway.vault.kinds import MAX_FILE_BYTES, kind

MAX_URL = 2048
REDIRECTS = 5
PORTS = (80, 443, 8080, 8443)
_HEADERS = [
    (b"User-Agent", b"Mozilla/5.0 (compatible; reportguide)"),
    (b"Accept", b"*/*"),
    (b"Accept-Encoding", b"identity"),
]
#: NAT64: IPv6 addresses that stand for an IPv4 address, which is then the one that counts.
_NAT64 = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
#: ``(host, port)`` → addresses, each as text.
Resolve = Callable[[str, int], Awaitable[list[str]]]


class FetchRefused(Exception):
    """It is not fetched, now or later: `why` is ``url``, ``port``, ``private``, ``large``, ``encoded``, ``page``,
    ``redirects`` or ``status_…``."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class FetchAway(Exception):
    """It could not be fetched now: no answer, too slow, cut off, or an error of the server."""


@dataclass(frozen=True)
class Page:
    """What was fetched. `media_type` is what the bytes are, ``""`` if that is not known; `url` where they came from."""

    url: str
    content: bytes
    media_type: str


async def resolve(host: str, port: int) -> list[str]:
    """All addresses of a name, as the system resolves it."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


def is_public(text: str) -> bool:
    """Whether an address is on the public internet: not ours, shared or reserved, nor one of these in disguise."""
    try:
        address: _Address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return all(
        each.is_global and not (each.is_multicast or each.is_reserved or each.is_unspecified or each.is_loopback)
        for each in _meant(address)
    )


def _meant(address: _Address) -> Iterable[_Address]:
    """The address itself, and the IPv4 addresses that it carries."""
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    if address.ipv4_mapped:
        return [address.ipv4_mapped]
    low = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if any(address in network for network in _NAT64):
        return [low]
    if address.sixtofour:
        return [address, address.sixtofour]
    return [address, *(address.teredo or ())]


class Fetcher:
    """Fetches with limits. `also`: addresses with ports that count as public, for tests on loopback."""

    def __init__(
        self,
        *,
        max_bytes: int = MAX_FILE_BYTES,
        seconds: float = 30.0,
        resolve: Resolve = resolve,
        also: Collection[tuple[str, int]] = (),
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.max_bytes, self._seconds, self._also, self._tls = max_bytes, seconds, frozenset(also), tls
        self._backend = _Checked(resolve, self._also)

    async def media(self, url: str) -> Page:
        """A file. Raises FetchRefused (``page`` if a web page or JSON came instead of it) or FetchAway."""
        found = await self._fetch(url)
        if not found.content or _is_words(found.content):
            raise FetchRefused("page")
        return found

    async def page(self, url: str) -> Page:
        """Whatever a public link shows. Raises FetchRefused or FetchAway."""
        return await self._fetch(url)

    async def _fetch(self, url: str) -> Page:
        try:
            async with asyncio.timeout(self._seconds):
                return await self._follow(_parsed(url))
        except TimeoutError as problem:
            raise FetchAway("slow") from problem
        except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError) as problem:
            raise FetchAway(type(problem).__name__) from problem
        except (OSError, UnicodeError, ssl.SSLError) as problem:
            raise FetchAway(type(problem).__name__) from problem

    async def _follow(self, url: httpx.URL) -> Page:
        async with httpcore.AsyncConnectionPool(
            ssl_context=self._tls,
            network_backend=self._backend,
            max_connections=1,
            max_keepalive_connections=0,
        ) as pool:
            for _ in range(REDIRECTS + 1):
                self._check(url)
                timeouts = dict.fromkeys(("connect", "read", "write", "pool"), min(10.0, self._seconds))
                async with pool.stream("GET", str(url), headers=_HEADERS, extensions={"timeout": timeouts}) as answer:
                    headers = {name.lower(): value for name, value in answer.headers}
                    target = headers.get(b"location")
                    if answer.status in (301, 302, 303, 307, 308) and target:
                        url = _next(url, target)
                        continue
                    _ok(answer.status)
                    content = await self._read(answer, headers)
                name = url.path.rpartition("/")[2]
                return Page(str(url), content, kind(name, content))
            raise FetchRefused("redirects")

    def _check(self, url: httpx.URL) -> None:
        port = url.port or (443 if url.scheme == "https" else 80)
        if port not in PORTS and port not in {allowed for _, allowed in self._also}:
            raise FetchRefused("port")

    async def _read(self, answer: httpcore.Response, headers: dict[bytes, bytes]) -> bytes:
        if headers.get(b"content-encoding", b"identity").strip().lower() not in (b"", b"identity"):
            # It was not asked for, and a few packed bytes may unfold to gigabytes.
            raise FetchRefused("encoded")
        length = headers.get(b"content-length", b"0")
        if length.isdigit() and int(length) > self.max_bytes:
            raise FetchRefused("large")
        content = bytearray()
        async for chunk in answer.aiter_stream():
            content += chunk
            if len(content) > self.max_bytes:
                raise FetchRefused("large")
        return bytes(content)


class _Checked(httpcore.AsyncNetworkBackend):
    """Connects to addresses that were just checked, so that a name cannot mean another one the second time."""

    def __init__(self, resolve: Resolve, also: frozenset[tuple[str, int]]) -> None:
        self._resolve, self._also, self._inner = resolve, also, httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> httpcore.AsyncNetworkStream:
        addresses = list(dict.fromkeys(await self._resolve(host.strip("[]"), port)))
        if not addresses:
            raise httpcore.ConnectError("the name has no address")
        if not all(is_public(address) or (address, port) in self._also for address in addresses):
            raise FetchRefused("private")
        problem: Exception = httpcore.ConnectError("no address answers")
        for address in addresses[:4]:
            try:
                return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as refused:
                problem = refused
        raise problem

    async def connect_unix_socket(self, path: str, *_: Any, **__: Any) -> httpcore.AsyncNetworkStream:
        raise FetchRefused("private")

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)


def _parsed(text: str) -> httpx.URL:
    try:
        url = httpx.URL(text.strip())
    except (httpx.InvalidURL, ValueError, TypeError):
        raise FetchRefused("url") from None
    if url.scheme not in ("http", "https") or not url.host or url.userinfo or len(str(url)) > MAX_URL:
        raise FetchRefused("url")
    return url.copy_with(fragment=None)


def _next(url: httpx.URL, target: bytes) -> httpx.URL:
    try:
        joined = url.join(target.decode("utf-8"))
    except (httpx.InvalidURL, ValueError):
        raise FetchRefused("url") from None
    following = _parsed(str(joined))
    if url.scheme == "https" and following.scheme == "http":
        raise FetchRefused("url")
    return following


def _ok(status: int) -> None:
    if status == 429 or status >= 500:
        raise FetchAway(f"status_{status}")
    if status != 200:
        raise FetchRefused(f"status_{status}")


def _is_words(content: bytes) -> bool:
    """Whether an error page or a JSON answer came under the name of a file."""
    head = content[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return head.startswith((b"<!doctype", b"<html", b"<?xml", b"<head", b"<body", b"<script", b"{", b"["))
