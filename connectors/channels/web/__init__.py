"""The web chat: a public page and the HTTP API behind it, which `reportguide chat` speaks too."""

from connectors.channels.web.routes import CAPABILITIES, CHANNEL, COOKIE, WebSettings, create_app

__all__ = ["CAPABILITIES", "CHANNEL", "COOKIE", "WebSettings", "create_app"]
