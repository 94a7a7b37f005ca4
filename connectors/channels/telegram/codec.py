"""Telegram's updates → events. The library reads them; what people did is read out of its objects here."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import structlog
from telegram import Audio, CallbackQuery, ChatMemberUpdated, Document, Message, Update, Video, VideoNote, Voice

from connectors.channels.contract import Event, Media, Unreadable, press_of

log = structlog.get_logger("telegram")

#: What is asked of Telegram; everything else it does not send.
UPDATES = ("message", "edited_message", "callback_query", "my_chat_member")
#: Seconds that a file is asked for before it is given up; Telegram itself keeps files for longer.
KEEPS = 24 * 3600.0
#: Shared things that are neither words nor evidence.
_PLACES = ("location", "venue")

#: ``scene`` → the meaning it begins with and how the person's bubble shows it, or None.
Scenes = Callable[[str], tuple[str, str] | None]


def updates_of(body: bytes) -> dict[str, Any]:
    """The JSON object of a call. Raises Unreadable."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise Unreadable("not_json") from None
    if not isinstance(found, dict):
        raise Unreadable("not_an_update")
    return found


class Codec:
    """`at` of an event is when Telegram took the message; without one, `now`."""

    def __init__(self, scenes: Scenes) -> None:
        self._scenes = scenes

    def event(self, raw: dict[str, Any], now: float) -> Event | None:
        """The event of one update; None if it asks for nothing.

        What cannot be read is left out, and not refused: Telegram would send it again for a day, and nothing after it.
        """
        try:
            update = Update.de_json(raw, None)
            return self._of(update, now)
        except Exception as problem:  # the library raises whatever a missing member makes it raise
            log.warning("update_unreadable", kind=type(problem).__name__)
            return None

    def _of(self, update: Update, now: float) -> Event | None:
        key = f"u{int(update.update_id)}"
        if update.callback_query:
            return _pressed(update.callback_query, key, now)
        if update.my_chat_member:
            return _came_or_went(update.my_chat_member, key, now)
        message = update.message or update.edited_message
        # Groups hear everything that is said in them: nobody's case belongs there.
        if message is None or message.from_user is None or message.chat.type != "private" or message.from_user.is_bot:
            return None
        common = _common(message.from_user.id, message.chat.id, key, message.date.timestamp())
        if update.edited_message:
            return Event(**common, answer="kind_edited")
        return self._said(message, common)

    def _said(self, message: Message, common: dict[str, Any]) -> Event:
        if message.text:
            return self._typed(message.text, common)
        if media := _media(message, common["at"]):
            return Event(**common, text=message.caption or None, media=(media,))
        place = any(getattr(message, name, None) for name in _PLACES)
        return Event(**common, answer="kind_location" if place else "kind_unknown")

    def _typed(self, text: str, common: dict[str, Any]) -> Event:
        command, _, scene = text.partition(" ")
        if command.split("@")[0] != "/start":
            return Event(**common, text=text)
        if begun := self._scenes(scene.strip()):
            meaning, shown = begun
            return Event(**common, text=shown, meaning=meaning)
        return Event(**common, answer="welcome")


def _common(person: int, chat: int, key: str, at: float) -> dict[str, Any]:
    return {"person": str(person), "address": {"chat": str(chat)}, "key": key, "at": at, "contact": "message"}


def _pressed(query: CallbackQuery, key: str, now: float) -> Event | None:
    shown = query.message
    if shown is None or shown.chat.type != "private":
        return None
    common = _common(query.from_user.id, shown.chat.id, key, now)
    token = f"{query.id}/{shown.message_id}"
    press = press_of(query.data or "")
    return Event(**common, press=press, token=token) if press else Event(**common, answer="kind_unknown", token=token)


def _came_or_went(change: ChatMemberUpdated, key: str, now: float) -> Event | None:
    if change.chat.type != "private":
        return None
    left = change.new_chat_member.status in ("kicked", "left")
    return Event(**_common(change.from_user.id, change.chat.id, key, now), left=left)


def _media(message: Message, at: float) -> Media | None:
    if message.photo:
        largest = max(message.photo, key=lambda size: size.width * size.height)
        return _one("image", largest.file_id, largest.file_size, "", at)
    if message.document:
        return _one("file", message.document.file_id, message.document.file_size, _name(message.document), at)
    if message.video:
        return _one("video", message.video.file_id, message.video.file_size, _name(message.video), at)
    if message.voice:
        return _one("voice", message.voice.file_id, message.voice.file_size, "", at)
    if message.audio:
        return _one("file", message.audio.file_id, message.audio.file_size, _name(message.audio), at)
    if message.video_note:
        return _one("video", message.video_note.file_id, message.video_note.file_size, "", at)
    return None


def _one(kind: Any, file_id: str, size: int | None, name: str, at: float) -> Media:
    return Media(kind=kind, ref={"file_id": file_id, "size": str(size or 0)}, until=at + KEEPS, name=name)


def _name(item: Document | Video | Audio | Voice | VideoNote) -> str:
    return str(getattr(item, "file_name", None) or "")[:120]
