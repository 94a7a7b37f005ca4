"""All settings, in one typed place. Each is read from the environment as ``REPORTGUIDE_<NAME>``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.sealing import Sealer, read_key

#: The checkout: the six rooms lie side by side in it.
ROOT = Path(__file__).resolve().parent.parent


def _key_file() -> Path:
    config = os.environ.get("XDG_CONFIG_HOME")
    return (Path(config) if config else Path.home() / ".config") / "reportguide" / "sealing.key"


class ChannelSettingsError(Exception):
    """A channel is half set up; the message says what is missing."""


class Settings(BaseSettings):
    """What an operator may set. Addresses are loopback unless said otherwise: put a proxy with TLS in front."""

    model_config = SettingsConfigDict(env_prefix="REPORTGUIDE_", extra="ignore")

    home: Path = Field(default=ROOT / "var", description="where state lives: databases, evidence, the trained model")
    key: SecretStr | None = Field(default=None, description="the sealing key, 32 bytes in base64; wins over key_file")
    key_file: Path = Field(default_factory=_key_file, description="file with the sealing key, mode 0600, outside home")
    host: str = Field(default="127.0.0.1", description="address of the public port and the staff console")
    port: int = Field(default=8080, description="public: web chat and webhooks")
    console_port: int = Field(default=8081, description="staff console, health and metrics")
    actions_port: int = Field(default=8090, description="loopback only: the brain's calls to the actions")
    brain_port: int = Field(default=8091, description="loopback only: the brain")
    backend_port: int = Field(default=8092, description="loopback only: the embedded reference backend")
    database_url: str = Field(default="", description="SQLAlchemy URL; empty: SQLite under home")
    backend_url: str = Field(default="", description="the agency's backend; empty: the embedded reference backend")
    backend_token: SecretStr | None = Field(default=None, description="bearer token for the agency's backend")
    callback_secret: SecretStr | None = Field(default=None, description="signs the backend's status callbacks")
    evidence_url: str = Field(default="", description="s3://bucket/prefix?endpoint=…; empty: a folder under home")
    clamd: str = Field(default="", description="virus scanner: unix:/run/clamav/clamd.ctl or tcp://host:port")
    address: str = Field(default="", description="where people reach the public port, e.g. https://jubao.example.cn")
    region: str = Field(default="", description="where the agency is competent, e.g. 浙江 (art. 14); empty: everywhere")
    burst_seconds: float = Field(default=0.6, ge=0, le=5, description="messages sent so close together are one turn")
    messages_per_minute: int = Field(default=40, ge=5, description="most messages taken from one person in a minute")
    reports_per_day: int = Field(default=20, ge=1, description="most reports taken from one person in a day (art. 17)")
    page_copies: bool = Field(default=False, description="fetch a copy of each page that a report links to")
    # Days after which what need not be kept is erased (`reportguide retention run`, and once a day by itself).
    keep_unused_days: int = Field(default=30, ge=1, description="files that no report took")
    keep_unreported_days: int = Field(default=180, ge=0, description="quiet conversations without a report; 0: never")
    keep_reported_days: int = Field(default=0, ge=0, description="quiet conversations with a report; 0: never")
    secure_cookies: bool = Field(default=False, description="set to true behind TLS")
    # WeChat official account (docs/channels/wechat.md): on when appid, secret and token are set.
    wechat_appid: str = Field(default="", description="AppID of the official account")
    wechat_secret: SecretStr | None = Field(default=None, description="its AppSecret")
    wechat_token: SecretStr | None = Field(default=None, description="the token chosen for its server address")
    wechat_aes_key: SecretStr | None = Field(default=None, description="its EncodingAESKey; without it plain mode")
    wechat_api: str = Field(default="https://api.weixin.qq.com", description="base URL of the API")
    wechat_customer_service: bool = Field(default=True, description="whether it may write outside a reply (verified)")
    wechat_buttons: Literal["menu", "links", "numbers"] = Field(default="menu", description="how choices are shown")
    wechat_notice_template: str = Field(default="", description="subscription template for news of a case")
    wechat_notice_what: str = Field(default="thing1", description="its field that says what")
    wechat_notice_when: str = Field(default="", description="its field that says when, if it has one")
    # 微信客服 (docs/channels/kefu.md): on when all four are set.
    kefu_corp_id: str = Field(default="", description="the corporation's id")
    kefu_secret: SecretStr | None = Field(default=None, description="the secret of 微信客服")
    kefu_token: SecretStr | None = Field(default=None, description="the token of its callback")
    kefu_aes_key: SecretStr | None = Field(default=None, description="the EncodingAESKey of its callback")
    kefu_api: str = Field(default="https://qyapi.weixin.qq.com", description="base URL of the API")
    # Telegram (docs/channels/telegram.md): on when the token is set.
    telegram_token: SecretStr | None = Field(default=None, description="the bot's token, from BotFather")
    telegram_webhook: bool = Field(default=False, description="be called at `address`; false: ask for updates")
    telegram_personal_data: bool = Field(default=False, description="let evidence pass through Telegram's servers")
    telegram_api: str = Field(default="https://api.telegram.org", description="base URL of the Bot API")
    log_level: str = Field(default="warning", pattern="^(debug|info|warning|error)$")

    @field_validator("home", "key_file")
    @classmethod
    def _absolute(cls, path: Path) -> Path:
        return path.expanduser().resolve()

    meaning: bool = Field(default=True, description="search by meaning too, where the model can be had (0.2 GB)")

    # -- what follows from them --------------------------------------------------------------------------------------

    def sealer(self) -> Sealer:
        """Raises SealingError, with what to do, if there is no usable key."""
        return Sealer(read_key(self.key.get_secret_value() if self.key else None, self.key_file))

    @property
    def service_database(self) -> str:
        return self.database_url or f"sqlite:///{self.home / 'service.db'}"

    @property
    def statutes_folder(self) -> Path:
        """Imported texts of laws."""
        return self.home / "knowledge" / "statutes"

    @property
    def vectors_folder(self) -> Path:
        """What was computed of texts' meaning; may be deleted, and is made anew."""
        return self.home / "knowledge" / "vectors"

    @property
    def brain_database(self) -> str:
        return f"sqlite:///{self.home / 'brain.db'}"

    @property
    def brain_folder(self) -> Path:
        return self.home / "brain"

    @property
    def brain_data(self) -> Path:
        """The compiled standard and word lists that the brain reads."""
        return self.brain_folder / "data.json"

    @property
    def model(self) -> Path:
        return self.brain_folder / "model.tar.gz"

    @property
    def actions_url(self) -> str:
        return f"http://127.0.0.1:{self.actions_port}/actions"

    @property
    def brain_url(self) -> str:
        return f"http://127.0.0.1:{self.brain_port}"

    @property
    def backend_base(self) -> str:
        return self.backend_url or f"http://127.0.0.1:{self.backend_port}"

    @property
    def public_url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def links_url(self) -> str:
        """What links that people are sent begin with."""
        return self.address.rstrip("/") or self.public_url

    @property
    def console_url(self) -> str:
        return f"http://{self.host}:{self.console_port}"

    def token_for_backend(self, sealer: Sealer) -> str:
        return self.backend_token.get_secret_value() if self.backend_token else sealer.derive("backend").hex()

    def secret_for_callbacks(self, sealer: Sealer) -> bytes:
        return self.callback_secret.get_secret_value().encode() if self.callback_secret else sealer.derive("callbacks")


def internal_token(sealer: Sealer) -> str:
    """What the project's own processes show each other; whoever holds the sealing key can make it, nobody else."""
    return sealer.derive("internal").hex()
