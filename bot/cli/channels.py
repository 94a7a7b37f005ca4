"""`reportguide channels`: sets up what lies on the providers' side, and shows what could not be delivered."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table

from bot.cli.faults import Fault
from bot.cli.options import AsJson
from bot.settings import ROOT, Settings
from bot.words import Phrases

if TYPE_CHECKING:
    from connectors.channels import kefu, wechat

T = TypeVar("T")

app = typer.Typer(no_args_is_help=True, help="Set up channels at their providers, and see what was not delivered.")
menu_app = typer.Typer(no_args_is_help=True, help="The custom menu of the WeChat official account.")
notices_app = typer.Typer(no_args_is_help=True, help="Subscription notices of the WeChat official account.")
kefu_app = typer.Typer(no_args_is_help=True, help="Accounts and links of 微信客服.")
app.add_typer(menu_app, name="menu")
app.add_typer(notices_app, name="notices")
app.add_typer(kefu_app, name="kefu")


@app.command("list")
def listed(as_json: AsJson = False) -> None:
    """Show which channels are on and what they can do."""
    from bot.channels import kefu_account, telegram_account, wechat_account
    from connectors.channels import kefu, telegram, wechat

    settings = Settings()
    account, corporation, bot = wechat_account(settings), kefu_account(settings), telegram_account(settings)
    able = {
        "wechat": (account is not None, wechat.capabilities(account or wechat.Account("", "", ""))),
        "kefu": (corporation is not None, kefu.CAPABILITIES),
        "telegram": (bot is not None, telegram.capabilities(bot or telegram.Account("", ""))),
    }
    if as_json:
        told = {
            name: {"on": on, "buttons": can.buttons, "proactive": can.proactive} for name, (on, can) in able.items()
        }
        print(json.dumps(told))
        return
    table = Table("channel", "", "buttons", "messages after a contact", "files")
    for name, (on, can) in able.items():
        budgets = ", ".join(f"{kind}: {budget.messages}" for kind, budget in can.budgets.items())
        table.add_row(name, "on" if on else "off", can.buttons, budgets, ", ".join(sorted(can.media_in)))
    Console().print(table)


@app.command("qr")
def qr(
    out: Annotated[Path, typer.Option(help="Where to write the picture: .svg for print, .png for screens.")],
    matter: Annotated[str, typer.Option(help="Begin with this matter of the standard; empty: with nothing.")] = "",
) -> None:
    """Draw the QR code of the web chat, for a poster or a post, and print the address in it."""
    from bot.cli.qr import address, draw

    where = address(Settings(), matter)
    draw(where, out)
    print(where)


@app.command("outbox")
def outbox(as_json: AsJson = False) -> None:
    """List conversations with messages that are not delivered: kept, tried again, or failed, and why."""
    from bot.migrations import migrate
    from connectors.gateway import Database
    from connectors.gateway.claims import owed

    settings = Settings()
    if not settings.database_url and not (settings.home / "service.db").exists():
        raise Fault("nothing was said yet", "start the system with `reportguide up`")
    database = Database(settings.service_database)
    migrate(database.engine)
    rows = database.read_now(owed)
    database.close()
    if as_json:
        print(json.dumps(rows, ensure_ascii=False))
        return
    table = Table("conversation", "channel", "waiting", "failed", "since", "tries", "problem")
    for row in rows:
        since = datetime.fromtimestamp(row["since"], ZoneInfo("Asia/Shanghai")).strftime("%Y-%m-%d %H:%M")
        cells = (row["conversation"][:8], row["channel"], row["waiting"], row["failed"], since, row["tries"])
        table.add_row(*(str(cell if cell is not None else "") for cell in cells), row["problem"] or "")
    Console().print(table)


# -- the official account --------------------------------------------------------------------------------------------


@menu_app.command("show")
def menu_show() -> None:
    """Print the menu that the account has now."""
    _print(_wechat(lambda channel: channel.api.call(lambda client: client.menu.get() or {})))


@menu_app.command("set")
def menu_set() -> None:
    """Give the account the assistant's menu: report, my case, help."""
    from connectors.channels.wechat.menu import custom_menu

    menu = custom_menu(_phrases())
    _wechat(lambda channel: channel.api.call(lambda client: client.menu.create(menu)))
    _print(menu)


@menu_app.command("delete")
def menu_delete() -> None:
    """Take the menu away."""
    _wechat(lambda channel: channel.api.call(lambda client: client.menu.delete()))


@notices_app.command("list")
def notices_list() -> None:
    """List the account's notice templates with their fields."""
    address = f"{_account().api.rstrip('/')}/wxaapi/newtmpl/gettemplate"
    _print(_wechat(lambda channel: channel.api.call(lambda client: client.get(address))).get("data", []))


@notices_app.command("add")
def notices_add(
    number: Annotated[str, typer.Argument(help="Number of the public template (tid), from WeChat's console.")],
    fields: Annotated[str, typer.Argument(help="Its fields by number, e.g. 1,3,5 (kidList).")],
    purpose: Annotated[str, typer.Option(help="What it is for, in at most 15 characters.")] = "",
) -> None:
    """Take a public template into the account and print its id, for REPORTGUIDE_WECHAT_NOTICE_TEMPLATE."""
    try:
        numbers = [int(field) for field in fields.split(",")]
    except ValueError:
        raise Fault(f"{fields!r} is no list of numbers", "write them as in 1,3,5") from None
    address = f"{_account().api.rstrip('/')}/wxaapi/newtmpl/addtemplate"
    body = {"tid": number, "kidList": numbers, "sceneDesc": purpose or _phrases()("notice_topic")}
    told = _wechat(lambda channel: channel.api.call(lambda client: client.post(address, data=body)))
    print(told.get("priTmplId", ""))


# -- 微信客服 --------------------------------------------------------------------------------------------------------


@kefu_app.command("accounts")
def kefu_accounts() -> None:
    """List the corporation's customer-service accounts with their ids."""
    _print(_kefu(lambda channel: channel.api.call("kf/account/list", {"offset": 0, "limit": 100})).get("account_list"))


@kefu_app.command("link")
def kefu_link(
    open_kfid: Annotated[str, typer.Argument(help="Id of the account, from `channels kefu accounts`.")],
    matter: Annotated[str, typer.Option(help="Id of a matter that the conversation begins with.")] = "",
) -> None:
    """Print a link (for a page, a poster, a text message) that opens a conversation with an account."""
    from bot.channels import SCENE

    body = {"open_kfid": open_kfid, "scene": f"{SCENE}{matter}" if matter else "link"}
    print(_kefu(lambda channel: channel.api.call("kf/add_contact_way", body)).get("url", ""))


# -- calls -----------------------------------------------------------------------------------------------------------


def _phrases() -> Phrases:
    return Phrases(ROOT / "dialogues" / "phrases.yml")


def _account() -> wechat.Account:
    from bot.channels import wechat_account

    account = wechat_account(Settings())
    if account is None:
        raise Fault("the official account is not set up", "set REPORTGUIDE_WECHAT_APPID, _SECRET and _TOKEN")
    return account


def _wechat(work: Callable[[wechat.WeChat], Awaitable[T]]) -> T:
    from connectors.channels.wechat import WeChat

    return _done(WeChat(_account(), _phrases(), lambda _scene: None), work)


def _kefu(work: Callable[[kefu.Kefu], Awaitable[T]]) -> T:
    from bot.channels import kefu_account
    from connectors.channels.kefu import Kefu
    from connectors.gateway import Database

    account = kefu_account(Settings())
    if account is None:
        raise Fault("微信客服 is not set up", "set REPORTGUIDE_KEFU_CORP_ID, _SECRET, _TOKEN and _AES_KEY")
    return _done(Kefu(account, _phrases(), lambda _scene: None, Database("sqlite://")), work)


def _done(channel: Any, work: Callable[[Any], Awaitable[T]]) -> T:
    from connectors.channels.contract import AnswerLost, NotSent
    from connectors.channels.tencent.answers import ApiError

    async def run() -> T:
        try:
            return await work(channel)
        finally:
            await channel.stop()

    try:
        return asyncio.run(run())
    except ApiError as problem:
        raise Fault(f"the provider refused: {problem}", "look the code up in its documentation") from None
    except NotSent as problem:
        raise Fault(
            f"the provider did not take it: {problem.problem}", "check secret, IP white list and base URL"
        ) from None
    except AnswerLost:
        raise Fault("the provider's answer was lost", "look whether it was done, then try again") from None


def _print(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=1))
