"""The channels of a deployment: which are on, how they hang together with gateway and delivery, their figures."""

from __future__ import annotations

import re
from functools import partial

from fastapi import FastAPI
from prometheus_client import CollectorRegistry, Gauge
from pydantic import SecretStr

from actions.standard import Standard
from bot.sealing import Sealer
from bot.settings import ChannelSettingsError, Settings
from bot.words import Phrases
from connectors.channels import kefu, telegram, wechat
from connectors.channels.contract import Channel, Event, Media, MediaGone
from connectors.channels.reception import Reception, UploadLink
from connectors.channels.web.channel import Web
from connectors.channels.webhook import create_app
from connectors.gateway import Database, Gateway
from connectors.gateway.delivery import Delivery

#: Scenes of codes and links that begin with a matter: ``m_<matter id>``.
SCENE = "m_"


class Channels:
    """All channels that are switched on, by name, with what brings their events in and their messages out."""

    def __init__(self, settings: Settings, phrases: Phrases, standard: Standard, database: Database) -> None:
        self._database, self._phrases = database, phrases
        scenes = partial(begun_by, standard, phrases)
        self.all: dict[str, Channel] = {}
        if account := wechat_account(settings):
            self.all["wechat"] = wechat.WeChat(account, phrases, scenes)
        if corporation := kefu_account(settings):
            self.all["kefu"] = kefu.Kefu(corporation, phrases, scenes, database)
        if bot := telegram_account(settings):
            self.all["telegram"] = telegram.Telegram(bot, phrases, scenes)
        self._gauges: tuple[Gauge, Gauge] | None = None

    def connect(self, gateway: Gateway, sealer: Sealer, upload: UploadLink | None = None) -> None:
        """Hang delivery and reception into the gateway. `upload` makes the link for what a channel must not carry."""
        self.delivery = Delivery(self._database, sealer, self.all)
        self.reception = Reception(gateway, self.delivery, self._phrases, upload)
        gateway.said = self.delivery.wake

    async def fetch(self, name: str, media: Media) -> tuple[str, bytes]:
        """A file that came through the channel `name`. Raises MediaAway or MediaGone."""
        if name not in self.all:
            raise MediaGone("media_unknown")
        fetched = await self.all[name].fetch(media)
        return fetched.name, fetched.content

    async def start(self) -> None:
        await self.delivery.start()
        for channel in self.all.values():
            await channel.start(partial(self._take, channel))

    async def _take(self, channel: Channel, event: Event) -> None:
        await self.reception.take(channel, event)

    async def stop(self) -> None:
        await self.delivery.stop()
        for channel in self.all.values():
            await channel.stop()

    def mount(self, app: FastAPI) -> None:
        """Webhooks under ``/channels/<name>/``."""
        for name, channel in self.all.items():
            app.mount(f"/channels/{name}", create_app(channel, self.reception))

    # -- figures -----------------------------------------------------------------------------------------------------

    def register(self, registry: CollectorRegistry) -> None:
        owed = Gauge("reportguide_owed", "Entries not delivered yet", ["channel", "state"], registry=registry)
        done = Gauge("reportguide_deliveries", "Deliveries since the start", ["channel", "result"], registry=registry)
        self._gauges = owed, done

    async def measure(self) -> None:
        """Bring the gauges up to date."""
        if self._gauges is None:
            return
        owed, done = self._gauges
        rows = await self.delivery.owed()
        for name in self.all:
            for state in ("waiting", "failed"):
                owed.labels(name, state).set(sum(row[state] for row in rows if row["channel"] == name))
        for (name, result), count in self.delivery.counts.items():
            done.labels(name, result).set(count)


def begun_by(standard: Standard, phrases: Phrases, scene: str) -> tuple[str, str] | None:
    """What a scene means: a matter to begin with, and how the person's bubble shows it. None for any other scene."""
    matter = standard.matter(scene.removeprefix(SCENE)) if scene.startswith(SCENE) else None
    return (f"report?guess={matter.id}", matter.button) if matter else None


def wechat_account(settings: Settings) -> wechat.Account | None:
    """The official account that is set up, if one is. Raises ChannelSettingsError if it is half."""
    found = _whole(settings, "wechat", ("appid", "secret", "token"))
    if found is None:
        return None
    key = settings.wechat_aes_key.get_secret_value() if settings.wechat_aes_key else None
    _key_fits(key, "REPORTGUIDE_WECHAT_AES_KEY")
    return wechat.Account(
        **found,
        aes_key=key,
        api=settings.wechat_api,
        customer_service=settings.wechat_customer_service,
        buttons=settings.wechat_buttons,
        notice_template=settings.wechat_notice_template,
        notice_what=settings.wechat_notice_what,
        notice_when=settings.wechat_notice_when,
    )


def kefu_account(settings: Settings) -> kefu.Account | None:
    """The corporation that is set up for 微信客服, if one is. Raises ChannelSettingsError if it is half."""
    found = _whole(settings, "kefu", ("corp_id", "secret", "token", "aes_key"))
    if found is None:
        return None
    _key_fits(found["aes_key"], "REPORTGUIDE_KEFU_AES_KEY")
    return kefu.Account(**found, api=settings.kefu_api)


def telegram_account(settings: Settings) -> telegram.Account | None:
    """The bot that is set up, if one is. Raises ChannelSettingsError if it cannot be one."""
    if settings.telegram_token is None:
        if settings.telegram_webhook or settings.telegram_personal_data:
            raise ChannelSettingsError("the channel telegram is half set up: set REPORTGUIDE_TELEGRAM_TOKEN too")
        return None
    token = settings.telegram_token.get_secret_value()
    if not re.fullmatch(r"\d{6,}:[A-Za-z0-9_-]{30,}", token):
        raise ChannelSettingsError("REPORTGUIDE_TELEGRAM_TOKEN is no bot token such as BotFather gives")
    if settings.telegram_webhook and not settings.address:
        raise ChannelSettingsError("REPORTGUIDE_TELEGRAM_WEBHOOK needs REPORTGUIDE_ADDRESS, which Telegram is to call")
    return telegram.Account(
        token=token,
        secret=settings.sealer().derive("telegram").hex(),
        webhook=f"{settings.links_url}/channels/telegram/" if settings.telegram_webhook else "",
        api=settings.telegram_api.rstrip("/"),
        personal_data=settings.telegram_personal_data,
    )


def _whole(settings: Settings, channel: str, names: tuple[str, ...]) -> dict[str, str] | None:
    values = {name: getattr(settings, f"{channel}_{name}") for name in names}
    plain = {
        name: value.get_secret_value() if isinstance(value, SecretStr) else value or ""
        for name, value in values.items()
    }
    if not any(plain.values()):
        return None
    if missing := [f"REPORTGUIDE_{channel}_{name}".upper() for name in names if not plain[name]]:
        raise ChannelSettingsError(f"the channel {channel} is half set up: set {', '.join(missing)} too, or none of it")
    return plain


def _key_fits(key: str | None, name: str) -> None:
    if key is not None and not (len(key) == 43 and key.isalnum() and key.isascii()):
        raise ChannelSettingsError(f"{name} must be the 43 letters and digits of the console's EncodingAESKey")


def shown_as(name: str, phrases: Phrases) -> Channel:
    """A channel to look at, not to send with: what `reportguide chat --channel` renders through."""
    if name == "wechat":
        return wechat.WeChat(wechat.Account("", "", ""), phrases, lambda _scene: None)
    if name == "kefu":
        account = kefu.Account("", "", "", "A" * 43)
        return kefu.Kefu(account, phrases, lambda _scene: None, Database("sqlite://"))
    if name == "telegram":
        return telegram.Telegram(telegram.Account("0:" + "A" * 35, ""), phrases, lambda _scene: None)
    return Web()
