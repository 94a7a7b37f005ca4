"""Puts the reference backend together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
from fastapi import FastAPI

from ..contract import API_VERSION
from .callbacks import CallbackTarget, Courier, RetryPlan
from .openapi import openapi_document
from .refusals import install_handlers
from .routes import contract_routes, health_route
from .sealing import Sealer
from .store import Clock, Store


def utc_now() -> datetime:
    """The time of day."""
    return datetime.now(UTC)


def create_app(
    database_path: Path,
    sealer: Sealer,
    token: str,
    callback: CallbackTarget | None = None,
    clock: Clock = utc_now,
    *,
    retry: RetryPlan | None = None,
    callback_transport: httpx.AsyncBaseTransport | None = None,
) -> FastAPI:
    """The backend over `database_path` and the folder `evidence` beside it.

    Run it in one process, and without an access log: addresses of uploads have evidence hashes in them. Without
    `callback` status changes are kept but nobody is told. `callback_transport` is the seam for tests.
    """
    if not token:
        raise ValueError("the backend's token is empty, which would let anyone in")
    store = Store(database_path, sealer, clock, with_callbacks=callback is not None)
    courier = callback and Courier(store, callback, clock, retry or RetryPlan(), callback_transport)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            stack.callback(store.close)
            if courier:
                await stack.enter_async_context(courier.at_work())
            yield

    app = FastAPI(
        title="reportguide backend contract",
        version=API_VERSION,
        description="How reports of online rights infringements reach an agency, and how their progress comes back.",
        lifespan=lifespan,
        # The document is committed as docs/backend-api.json; served, it would be a route without a token.
        openapi_url=None,
        separate_input_output_schemas=False,
        redirect_slashes=False,
    )
    app.openapi = lambda: openapi_document(app)  # type: ignore[method-assign]
    install_handlers(app)
    app.include_router(contract_routes(store, token, news=courier.wake if courier else lambda: None))
    app.include_router(health_route(store))
    return app
