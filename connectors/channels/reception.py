"""Where events of all channels come in: a conversation is found, the event stored once, its answer seen to."""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import sqlalchemy as sa
from stdnum.cn import ric

from connectors.channels.contract import Channel, Event
from connectors.gateway import Gateway, Rejected
from connectors.gateway.delivery import Delivery
from connectors.gateway.messages import Arrival

#: ``(conversation_id)`` → the address of an upload page for it.
UploadLink = Callable[[str], Awaitable[str]]
_IDENTITY = re.compile(r"(?<![0-9A-Za-z])\d{17}[\dXx](?![0-9A-Za-z])")


@dataclass(frozen=True)
class Receipt:
    """A stored event."""

    conversation_id: str
    inbox_id: int


class Reception:
    """One for all channels."""

    def __init__(
        self, gateway: Gateway, delivery: Delivery, words: Callable[..., str], upload: UploadLink | None = None
    ) -> None:
        self.gateway, self.delivery, self.words, self._upload = gateway, delivery, words, upload

    async def conversation(self, channel: Channel, event: Event) -> str:
        """The conversation of the person who did it; it is begun if it is new."""
        return (await self.gateway.conversation(channel.name, event.person, dict(event.address)))[0]

    async def take(self, channel: Channel, event: Event) -> Receipt:
        """Store one event; when this returns, it may be acknowledged. The same event again changes nothing."""
        return await self.store(channel, event, await self.conversation(channel, event))

    async def store(self, channel: Channel, event: Event, conversation_id: str) -> Receipt:
        def also(connection: sa.Connection) -> None:
            if event.left:
                self.delivery.leave(connection, conversation_id)
            elif event.contact or event.resumed:
                self.delivery.contact(connection, conversation_id, channel, event.contact, event.ticket)
            if event.bounced:
                self.delivery.bounced(connection, conversation_id, event.bounced)
            if event.consents:
                self.delivery.consent(connection, conversation_id, event.consents)

        note = self.gateway.note
        if not channel.capabilities.personal_data and _is_personal(event):
            # Neither the file is fetched nor the number kept: what the channel must not carry goes another way.
            link = await self._upload(conversation_id) if self._upload else ""
            text = self.words("no_personal_data", link=link)
            return Receipt(conversation_id, await note(conversation_id, event.key, text, also))
        if event.answer:
            return Receipt(conversation_id, await note(conversation_id, event.key, self.words(event.answer), also))
        if event.left or not (event.text or event.press or event.media or event.meaning):
            return Receipt(conversation_id, await note(conversation_id, event.key, None, also))
        message = Arrival(
            id=event.key,
            text=event.text,
            button=event.press,
            media=list(event.media),
            meaning=event.meaning,
            numbers=channel.capabilities.numbers,
        )
        try:
            return Receipt(conversation_id, await self.gateway.receive(conversation_id, message, also=also))
        except Rejected as problem:
            text = self.words(problem.reason, **problem.values)
            # Who writes too fast is told so once a minute, not once a message.
            key = f"{problem.reason}:{int(time.time() // 60)}" if problem.status == 429 else event.key
            return Receipt(conversation_id, await note(conversation_id, key, text, also))


def _is_personal(event: Event) -> bool:
    """Evidence, or the number of an identity card: what some channels must not carry."""
    if event.media:
        return True
    return any(ric.is_valid(found.group()) for found in _IDENTITY.finditer(event.text or ""))
