"""Fetching links and media: nothing private is ever reached, and no server is believed about what it sends."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.gateway.fetching import FetchAway, Fetcher, FetchRefused, is_public
from tests import files

Respond = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def server(respond: Respond | bytes) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A server on loopback that answers each request with these bytes: its port, and the requests it saw."""
    seen: list[bytes] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            seen.append(await reader.readuntil(b"\r\n\r\n"))
            if isinstance(respond, bytes):
                writer.write(respond)
                await writer.drain()
            else:
                await respond(seen[-1], writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    listener = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with listener:
        yield listener.sockets[0].getsockname()[1], seen


def answer(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    lines = [f"HTTP/1.1 {status}", *(headers or (f"Content-Length: {len(body)}",)), "Connection: close", "", ""]
    return "\r\n".join(lines).encode() + body


def fetcher(port: int, names: dict[str, list[str]] | None = None, **options: float) -> Fetcher:
    """Allowed to reach this one port of loopback; names resolve as given."""

    async def resolve(host: str, _port: int) -> list[str]:
        return (names or {}).get(host, [host])

    return Fetcher(also={("127.0.0.1", port)}, resolve=resolve, **options)  # type: ignore[arg-type]


async def why(work: Awaitable[object]) -> str:
    with pytest.raises(FetchRefused) as refused:
        await work
    return refused.value.why


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.8.8", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "100.100.100.200", "0.0.0.0", "255.255.255.255", "224.0.0.1", "240.0.0.1", "192.0.2.1", "198.18.0.1",
        "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b::a9fe:a9fe", "2002:0a00:0001::1",
        "2002:7f00:0001::1", "2001:0:4136:e378:8000:63bf:f5ff:fffe", "", "nonsense",
    ],
)  # fmt: skip
def test_what_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "223.5.5.5", "2400:3200::1", "::ffff:223.5.5.5", "64:ff9b::1.1.1.1"])
def test_what_is_public(address: str) -> None:
    assert is_public(address)


@given(st.ip_addresses(v=4, network="10.0.0.0/8") | st.ip_addresses(v=4, network="169.254.0.0/16"))
def test_a_private_address_stays_private_in_every_disguise(address: object) -> None:
    number = int(address)  # type: ignore[call-overload]
    for disguise in (f"::ffff:{address}", f"64:ff9b::{address}", f"2002:{number >> 16:x}:{number & 0xFFFF:x}::1"):
        assert not is_public(disguise)


async def test_a_file_comes_whole() -> None:
    async with server(answer(files.png(3))) as (port, seen):
        found = await fetcher(port).media(f"http://127.0.0.1:{port}/a.png#part")
    assert (found.content, found.media_type) == (files.png(3), "image/png")
    assert b"accept-encoding: identity" in seen[0].lower()
    assert b"#part" not in seen[0]


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.cn/a", "file:///etc/passwd", "gopher://127.0.0.1", "http://", "http://user:pass@example.cn/",
        "//example.cn", "javascript:alert(1)", "http://[::1", "", "http://a/" + "x" * 3000, "http://\x00/",
    ],
)  # fmt: skip
async def test_an_address_that_is_none(url: str) -> None:
    assert await why(Fetcher().page(url)) == "url"


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/", "http://[::1]/", "http://localhost/", "http://127.1/", "http://2130706433/",
        "http://0x7f000001/", "http://0/", "http://[::ffff:127.0.0.1]/", "http://169.254.169.254/latest/meta-data/",
        "https://10.0.0.1:8443/",
    ],
)  # fmt: skip
async def test_this_machine_and_its_network_are_not_reached(url: str) -> None:
    """With the system's own resolver, and whatever spelling it takes for an address."""
    assert await why(Fetcher().page(url)) == "private"


async def test_other_ports_are_not_knocked_at() -> None:
    async with server(answer(b"x")) as (port, seen):
        assert await why(Fetcher(resolve=fetcher(1)._backend._resolve).page(f"http://127.0.0.1:{port}/")) == "port"  # type: ignore[attr-defined]
    assert seen == []


async def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    async with server(answer(b"x")) as (port, seen):
        names = {"evil.example": ["127.0.0.1", "10.0.0.1"]}
        assert await why(fetcher(port, names).page(f"http://evil.example:{port}/")) == "private"
    assert seen == []


async def test_a_name_is_resolved_once_for_each_connection() -> None:
    """The second answer of a name that changes its mind is never asked for."""
    asked: list[str] = []

    async def turncoat(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    async with server(answer(b"page")) as (port, seen):
        guarded = Fetcher(resolve=turncoat, also={("127.0.0.1", port)})
        assert (await guarded.page(f"http://turncoat.example:{port}/")).content == b"page"
        assert asked == ["turncoat.example"]
        assert f"host: turncoat.example:{port}".encode() in seen[0].lower()
        assert await why(guarded.page(f"http://turncoat.example:{port}/")) == "private"
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("http://10.0.0.1/", "private"),
        ("http://inside.example:8080/", "private"),
        ("//[::1]/x", "private"),
        ("file:///etc/passwd", "url"),
        ("http://u:p@example.cn/", "url"),
        ("http://10.0.0.1:22/", "port"),
    ],
)
async def test_a_redirect_is_checked_like_a_link(target: str, reason: str) -> None:
    async with server(answer(b"", f"Location: {target}", "Content-Length: 0", status="302 Found")) as (port, seen):
        guarded = fetcher(port, {"inside.example": ["192.168.0.9"]})
        assert await why(guarded.page(f"http://127.0.0.1:{port}/")) == reason
    assert len(seen) == 1


async def test_redirects_are_followed_and_come_to_an_end() -> None:
    async def respond(request: bytes, writer: asyncio.StreamWriter) -> None:
        number = int(request.split()[1].strip(b"/") or b"0")
        writer.write(
            answer(files.png())
            if number == 3
            else answer(b"", f"Location: /{number + 1}", "Content-Length: 0", status="301 Moved")
        )
        await writer.drain()

    async with server(respond) as (port, seen):
        found = await fetcher(port).media(f"http://127.0.0.1:{port}/0")
        assert found.url.endswith("/3")
        assert len(seen) == 4
        assert await why(fetcher(port).media(f"http://127.0.0.1:{port}/10")) == "redirects"
        assert len(seen) == 4 + 6


async def test_a_length_that_is_too_large_is_not_read() -> None:
    async with server(answer(b"x", "Content-Length: 99999999")) as (port, _):
        assert await why(fetcher(port).media(f"http://127.0.0.1:{port}/")) == "large"


async def test_what_is_counted_is_what_comes() -> None:
    """No length at all, in chunks, without end."""
    sent = 0

    async def respond(_request: bytes, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while sent < 50_000_000:
            writer.write(b"10000\r\n" + bytes(0x10000) + b"\r\n")
            sent += 0x10000
            await writer.drain()

    async with server(respond) as (port, _):
        assert await why(fetcher(port, max_bytes=200_000).media(f"http://127.0.0.1:{port}/")) == "large"
    assert sent < 20_000_000


async def test_a_packed_answer_is_not_unpacked() -> None:
    async with server(answer(b"x" * 10, "Content-Encoding: gzip", "Content-Length: 10")) as (port, _):
        assert await why(fetcher(port).media(f"http://127.0.0.1:{port}/")) == "encoded"


@pytest.mark.parametrize("body", [b"<!DOCTYPE html><p>gone", b'  {"errcode":40007}', b"\xef\xbb\xbf<html>", b""])
async def test_a_page_under_the_name_of_a_picture_is_no_picture(body: bytes) -> None:
    lie = answer(body, "Content-Type: image/png", f"Content-Length: {len(body)}")
    async with server(lie) as (port, _):
        assert await why(fetcher(port).media(f"http://127.0.0.1:{port}/a.png")) == "page"
        assert (await fetcher(port).page(f"http://127.0.0.1:{port}/a.png")).content == body


async def test_an_answer_that_breaks_off_is_asked_for_again_later() -> None:
    async with server(answer(files.png(), "Content-Length: 5000")) as (port, _):
        with pytest.raises(FetchAway):
            await fetcher(port).media(f"http://127.0.0.1:{port}/")


async def test_a_stalling_server_is_given_up() -> None:
    async def respond(_request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nx")
        await writer.drain()
        await asyncio.sleep(30)

    async with server(respond) as (port, _):
        with pytest.raises(FetchAway):
            await fetcher(port, seconds=0.3).media(f"http://127.0.0.1:{port}/")


async def test_a_dripping_server_is_given_up() -> None:
    """Each byte comes in time, and the whole never."""

    async def respond(_request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    async with server(respond) as (port, _):
        with pytest.raises(FetchAway):
            await fetcher(port, seconds=0.5).media(f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize("status", ["500 Oops", "503 Busy", "429 Slow down"])
async def test_a_server_in_trouble_is_asked_again_later(status: str) -> None:
    async with server(answer(b"", "Content-Length: 0", status=status)) as (port, _):
        with pytest.raises(FetchAway):
            await fetcher(port).media(f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize("status", ["404 Gone", "403 No", "204 Nothing", "302 Found"])
async def test_what_is_not_there_is_not_asked_for_again(status: str) -> None:
    async with server(answer(b"", "X: y", status=status)) as (port, _):
        assert (await why(fetcher(port).media(f"http://127.0.0.1:{port}/"))) == f"status_{status[:3]}"


async def test_nonsense_instead_of_http() -> None:
    async with server(b"SSH-2.0-OpenSSH\r\n\r\n") as (port, _):
        with pytest.raises(FetchAway):
            await fetcher(port).media(f"http://127.0.0.1:{port}/")


async def test_nobody_answers() -> None:
    async with server(b"") as (port, _):
        pass
    with pytest.raises(FetchAway):
        await fetcher(port).media(f"http://127.0.0.1:{port}/")


async def test_a_certificate_of_nobodys_is_not_believed() -> None:
    async with server(answer(b"x")) as (port, _):
        with pytest.raises(FetchAway):
            await Fetcher(also={("127.0.0.1", port)}, tls=ssl.create_default_context()).page(
                f"https://127.0.0.1:{port}/"
            )


async def test_no_setting_of_the_environment_leads_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with server(answer(files.png())) as (port, seen):
        await fetcher(port).media(f"http://127.0.0.1:{port}/")
    assert len(seen) == 1
