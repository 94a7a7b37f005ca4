"""The web chat: a public page and the HTTP API behind it, which `reportguide chat` speaks too."""

from connectors.channels.web.routes import COOKIE, WebSettings, create_app

__all__ = ["COOKIE", "WebSettings", "create_app"]
