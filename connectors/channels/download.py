"""Downloading a file from a provider: whole or not at all, within a size and a time, and never a page instead."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from urllib.parse import unquote

import httpx

from connectors.channels.contract import MediaAway, MediaGone
from connectors.gateway.fetching import FetchAway, Fetcher, FetchRefused

#: Seconds that one download may take, however slowly it trickles.
DOWNLOAD_SECONDS = 60.0
_PAGE = re.compile(rb"\s*(<!doctype html|<html|<head|<body)", re.IGNORECASE)


@dataclass(frozen=True)
class Download:
    """What came. `name`: as the provider calls it, or empty."""

    content: bytes
    media_type: str
    name: str


async def download(http: httpx.AsyncClient, url: str, params: Mapping[str, str], limit: int) -> Download:
    """Raises MediaAway if it is worth another try, MediaGone if not. `limit` in bytes. Redirects are not followed."""
    try:
        async with asyncio.timeout(DOWNLOAD_SECONDS), http.stream("GET", url, params=dict(params)) as answer:
            if answer.status_code >= 500 or answer.status_code == 429:
                raise MediaAway(f"http_{answer.status_code}")
            if answer.status_code != 200:
                raise MediaGone("media_expired")
            length = answer.headers.get("content-length", "")
            if length.isdigit() and int(length) > limit:
                raise MediaGone("media_large", limit=limit // 1024 // 1024)
            content = bytearray()
            async for chunk in answer.aiter_bytes():
                content += chunk
                if len(content) > limit:
                    raise MediaGone("media_large", limit=limit // 1024 // 1024)
            headers = answer.headers
    except httpx.RemoteProtocolError as problem:
        # Fewer bytes than promised, or nonsense: a broken line if it happens once.
        raise MediaAway("cut_off", damaged=True) from problem
    except (TimeoutError, httpx.HTTPError) as problem:
        raise MediaAway(type(problem).__name__) from problem
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type in ("text/html", "application/xhtml+xml") or _PAGE.match(content[:200]):
        raise MediaGone("media_html")
    return Download(bytes(content), media_type, _name(headers.get("content-disposition", "")))


async def download_public(fetcher: Fetcher, url: str) -> Download:
    """The same from an address that a provider's answer names: only from the public internet, redirects included."""
    try:
        found = await fetcher.media(url)
    except FetchAway as problem:
        raise MediaAway(str(problem), damaged=str(problem) == "RemoteProtocolError") from None
    except FetchRefused as problem:
        if problem.why == "large":
            raise MediaGone("media_large", limit=fetcher.max_bytes // 1024 // 1024) from None
        if problem.why.startswith("status_"):
            raise MediaGone("media_expired") from None
        raise MediaGone("media_html" if problem.why == "page" else "media_unknown") from None
    return Download(found.content, found.media_type, "")


def _name(disposition: str) -> str:
    message = Message()
    message["content-disposition"] = disposition
    name = message.get_filename() or ""
    # Header bytes are read as Latin-1; providers write UTF-8 into them.
    with contextlib.suppress(UnicodeEncodeError, UnicodeDecodeError):
        name = name.encode("latin-1").decode("utf-8")
    return unquote(name)[:120]
