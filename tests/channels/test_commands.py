"""`reportguide channels …` against the stand-ins, as an operator runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from bot.settings import ROOT
from connectors.gateway import schema
from tests.channels.conftest import connected
from tests.channels.house import PHRASES, at_work, until
from tests.channels.stand_ins import kefu, wechat


def command(home: Path, platform: Any, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    values = {**(connected(platform) if platform else {}), **settings}
    told = {f"REPORTGUIDE_{name}".upper(): str(value) for name, value in values.items()}
    clean = {name: value for name, value in os.environ.items() if not name.startswith("REPORTGUIDE_")}
    environment = {**clean, **told, "REPORTGUIDE_HOME": str(home), "COLUMNS": "200"}
    return subprocess.run(
        [sys.executable, "-m", "bot.cli", "channels", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )


def test_the_menu_is_set_shown_and_taken_away(mp: wechat.Platform, tmp_path: Path) -> None:
    done = command(tmp_path, mp, "menu", "set")
    assert done.returncode == 0, done.stderr
    assert [column["name"] for column in mp.menu["button"]] == [
        PHRASES("menu_report"),
        PHRASES("menu_case"),
        PHRASES("menu_more"),
    ]
    assert json.loads(command(tmp_path, mp, "menu", "show").stdout)["menu"] == mp.menu
    assert command(tmp_path, mp, "menu", "delete").returncode == 0
    assert mp.menu is None
    assert json.loads(command(tmp_path, mp, "menu", "show").stdout) == {}


def test_notice_templates(mp: wechat.Platform, tmp_path: Path) -> None:
    assert json.loads(command(tmp_path, mp, "notices", "list").stdout)[0]["priTmplId"] == "tmpl-1"
    assert command(tmp_path, mp, "notices", "add", "204", "1,3").stdout.strip() == "tmpl-2"
    assert "no list of numbers" in command(tmp_path, mp, "notices", "add", "204", "x").stderr


def test_customer_service_accounts_and_links(work: kefu.Platform, tmp_path: Path) -> None:
    [account] = json.loads(command(tmp_path, work, "kefu", "accounts").stdout)
    link = command(tmp_path, work, "kefu", "link", account["open_kfid"], "--matter", "cyber_violence").stdout
    assert "m_cyber_violence" in link


def test_what_is_missing_or_wrong_is_said(mp: wechat.Platform, tmp_path: Path) -> None:
    off = command(tmp_path, None, "menu", "show")
    assert off.returncode == 1
    assert "not set up" in off.stderr
    refused = command(tmp_path, mp, "menu", "show", wechat_secret="another")
    assert refused.returncode == 1
    assert "token_40125" in refused.stderr
    half = command(tmp_path, mp, "menu", "show", wechat_token="")
    assert half.returncode == 1
    assert "REPORTGUIDE_WECHAT_TOKEN" in half.stderr
    assert "Traceback" not in off.stderr + refused.stderr + half.stderr


async def test_the_outbox_shows_what_is_kept(mp: wechat.Platform, house: Any, tmp_path: Path) -> None:
    async with house(mp) as home:
        phone = mp.phone(f"{home.url}/channels/wechat/")
        await at_work(lambda: phone.says("你好"))
        phone.close_window()
        await home.gateway.say(home.rows(schema.conversations)[0].id, "案件有新进展。")
        await until(lambda: home.rows(schema.outlets)[0].problem == "window_closed", "the refusal")
    [row] = json.loads(command(tmp_path, None, "outbox", "--json").stdout)
    assert (row["channel"], row["waiting"], row["failed"], row["problem"]) == ("wechat", 1, 0, "window_closed")
    table = command(tmp_path, None, "outbox").stdout
    assert "window_closed" in table
    assert "案件" not in table
