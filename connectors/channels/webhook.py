"""The HTTP side of a channel: reads a provider's call with limits, and answers it as the channel says.

Nothing is kept of a call that is not the provider's. What is its own is stored before it is acknowledged; a fault of
ours is a 500, so that the provider sends it again.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence

import structlog
from fastapi import FastAPI, Request, Response
from starlette.background import BackgroundTask
from starlette.requests import ClientDisconnect

from connectors.channels.contract import Ack, Call, Channel, Event, Forged, Outgoing, Unreadable
from connectors.channels.reception import Receipt, Reception
from connectors.gateway.claims import Claim

log = structlog.get_logger("webhook")

#: The largest body of a call, in bytes: messages carry references to files, never the files.
MAX_BODY = 256 * 1024
#: Seconds within which a call's body must be there.
BODY_SECONDS = 5.0
#: Seconds that are left for storing and answering when the reply may be the answer.
MARGIN = 0.3


class _TooLarge(Exception):
    pass


def create_app(channel: Channel, reception: Reception) -> FastAPI:
    """The application under ``/channels/<name>``. Its `state.refused` counts calls that were turned away, by reason."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    refused: Counter[str] = Counter()
    app.state.refused = refused

    def refuse(status: int, why: str) -> Response:
        refused[why] += 1
        log.info("call_refused", channel=channel.name, why=why)
        return Response(status_code=status)

    @app.get("/")
    async def challenge(request: Request) -> Response:
        try:
            return _response(channel.challenge(_call(request, b"")))
        except Forged as problem:
            return refuse(403, str(problem))

    @app.post("/")
    async def call(request: Request) -> Response:
        try:
            body = await _body(request)
        except _TooLarge:
            return refuse(413, "too_large")
        except (TimeoutError, ClientDisconnect):
            return refuse(408, "slow_body")
        arrived = _call(request, body)
        try:
            channel.verify(arrived)
            events = channel.decode(arrived)
        except Forged as problem:
            return refuse(403, str(problem))
        except Unreadable as problem:
            return refuse(400, str(problem))
        try:
            return await _Answering(channel, reception, request, arrived).answer(events)
        except Exception as problem:
            # The log is told what kind of fault it was, not what it was about: that may be what was typed.
            log.error("call_failed", channel=channel.name, kind=type(problem).__name__)
            return Response(status_code=500)

    return app


class _Answering:
    """Stores the events of one call and makes its answer, with a reply in it where the channel allows one."""

    def __init__(self, channel: Channel, reception: Reception, request: Request, call: Call) -> None:
        self._channel, self._reception, self._request, self._call = channel, reception, request, call
        self._held: list[str] = []

    async def answer(self, events: Sequence[Event]) -> Response:
        try:
            await self._channel.before(self._call)
            receipts = []
            for event in events:
                conversation_id = await self._reception.conversation(self._channel, event)
                if self._channel.capabilities.reply_within:
                    self._reception.delivery.hold(conversation_id)
                    self._held.append(conversation_id)
                receipts.append(await self._reception.store(self._channel, event, conversation_id))
            reply, claim = await self._reply(receipts)
            response = _response(self._channel.acknowledge(self._call, reply))
        except BaseException:
            self._release()
            raise
        response.background = BackgroundTask(self._after, events, claim)
        return response

    async def _reply(self, receipts: Sequence[Receipt]) -> tuple[Outgoing | None, Claim | None]:
        within = self._channel.capabilities.reply_within
        if not within or len(receipts) != 1:
            return None, None
        [receipt] = receipts
        delivery = self._reception.delivery
        left = within - MARGIN - (time.time() - self._call.at)
        gateway = self._reception.gateway
        said = await gateway.answered(receipt.conversation_id, receipt.inbox_id, max(0.0, left))
        found = await delivery.reply(receipt.conversation_id, receipt.inbox_id)
        if found is None:
            # Where the reply is all there is, silence would leave the person waiting for nothing.
            speechless = said is None and not self._channel.capabilities.can_write
            return (Outgoing(self._reception.words("still_thinking")) if speechless else None), None
        reply, claim = found
        if claim and await self._request.is_disconnected():
            await delivery.replied(claim, given=False)
            return None, None
        return reply, claim

    async def _after(self, events: Sequence[Event], claim: Claim | None) -> None:
        """Once the answer is on its way: close the claim, then let what is left go out."""
        try:
            if claim:
                await self._reception.delivery.replied(claim, given=True)
        finally:
            self._release()
        try:
            await self._channel.after(self._call)
            for event in events:
                await self._channel.taken(event)
        except Exception as problem:  # a courtesy to the provider; the events themselves are safe
            log.warning("after_failed", channel=self._channel.name, kind=type(problem).__name__)

    def _release(self) -> None:
        while self._held:
            self._reception.delivery.release(self._held.pop())


async def _body(request: Request) -> bytes:
    length = request.headers.get("content-length", "0")
    if length.isdigit() and int(length) > MAX_BODY:
        raise _TooLarge
    body = b""
    async with asyncio.timeout(BODY_SECONDS):
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_BODY:
                raise _TooLarge
    return body


def _call(request: Request, body: bytes) -> Call:
    return Call(request.method, dict(request.query_params), dict(request.headers), body, time.time())


def _response(ack: Ack) -> Response:
    return Response(ack.body, status_code=ack.status, media_type=ack.media_type)
