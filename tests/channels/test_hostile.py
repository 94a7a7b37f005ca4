"""The short form of `python -m tests.channels.hostile --count 10000`."""

from __future__ import annotations

import httpx

from tests.channels import hostile


def test_hostile_calls_have_no_effect() -> None:
    told = hostile.run(400)
    assert told["calls"] >= 300
    assert {name.split()[0] for name in told["statuses"]} == {"wechat", "kefu", "telegram"}
    kinds = {name.split()[1] for name in told["statuses"]}
    assert kinds == {"unsigned", "signed_envelope", "old", "altered", "another", "plain_signature", "long"}


def test_a_large_body_is_refused_before_it_is_read() -> None:
    def body() -> object:
        for _ in range(160):
            yield b"x" * 65536

    with hostile.Target() as target:
        for channel in ("wechat", "kefu", "telegram"):
            url = f"{target.url}/channels/{channel}/"
            assert httpx.post(url, content=b"x" * (10 * 1024 * 1024), timeout=20).status_code == 413
            chunked = httpx.post(url, content=body(), timeout=20)  # type: ignore[arg-type]
            assert chunked.status_code == 413
