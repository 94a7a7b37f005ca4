"""A stand-in for Telegram: the Bot API, and the phones on the other side.

Wire formats as in the documentation of the Bot API: form or multipart calls under ``/bot<token>/``, answers as
``{"ok", "result"}`` or ``{"ok", "error_code", "description", "parameters"}``, files under ``/file/bot<token>/``, and
updates pushed with the secret token and repeated until a 2xx, or asked for with ``getUpdates``, whose offset confirms.
Rules: 4096 UTF-16 units a message, 64 bytes a button, 20 MB a file, one message a second to a person.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

TOKEN = "123456789:" + "AbCdEfGhIjKlMnOpQrStUvWxYz012345678"
#: Seconds between two messages to one person that Telegram surely takes.
PACE = 0.95
#: How often an update is pushed before it is given up.
PUSHES = 6
#: Seconds that a slow answer takes.
SLOW = 3.0


@dataclass
class Seen:
    """One message on a phone. `buttons`: title and data."""

    id: int
    text: str
    buttons: list[tuple[str, str]] = field(default_factory=list)
    preview: bool = True
    file: bytes | None = None


@dataclass
class File:
    content: bytes
    path: str
    how: str = "well"  # well | cut | stall | html | gone


class Refusal(Exception):
    def __init__(self, code: int, description: str, **parameters: Any) -> None:
        super().__init__(description)
        self.code, self.description, self.parameters = code, description, parameters


class Platform:
    """`app` is the API; `next` says how the next sendings are answered: an HTTP status, ``"lost"`` or ``"slow"``."""

    def __init__(self) -> None:
        self.phones: dict[int, Phone] = {}
        self.files: dict[str, File] = {}
        self.calls: Counter[str] = Counter()
        self.next: list[int | str] = []
        self.too_fast = 0
        self.answered: list[str] = []
        self.webhook: dict[str, str] = {}
        self.queue: list[dict[str, Any]] = []
        self.numbers = itertools.count(700_000_001)
        self.messages = itertools.count(1)
        self.confirmed = 0
        self.url = ""
        self.app = Starlette(
            routes=[
                Route("/bot{token}/{method}", self._call, methods=["GET", "POST"]),
                Route("/file/bot{token}/{path:path}", self._file),
            ]
        )

    # -- the Bot API

    async def _call(self, request: Request) -> Response:
        # Names are case-insensitive.
        wanted = request.path_params["method"].lower()
        method = next(name[1:] for name in dir(self) if name.lower() == f"_{wanted}")
        self.calls[method] += 1
        async with request.form() as sent:
            return await self._answer(request, method, dict(sent.multi_items()))

    async def _answer(self, request: Request, method: str, form: dict[str, Any]) -> Response:
        try:
            if request.path_params["token"] != TOKEN:
                raise Refusal(401, "Unauthorized")
            if method.startswith("send") and self.next:
                what = self.next.pop(0)
                if what == "lost":
                    await getattr(self, f"_{method}")(form)
                    return StreamingResponse(_break_off(), headers={"content-length": "1000"})
                if isinstance(what, int):
                    raise Refusal(what, "Too Many Requests" if what == 429 else "Bad Gateway", retry_after=1)
                await asyncio.sleep(SLOW)
            result = await getattr(self, f"_{method}")(form)
        except Refusal as problem:
            told = {"ok": False, "error_code": problem.code, "description": problem.description}
            parameters = problem.parameters if problem.code == 429 else {}
            return JSONResponse({**told, "parameters": parameters}, status_code=problem.code)
        return JSONResponse({"ok": True, "result": result})

    async def _getMe(self, form: dict[str, Any]) -> Any:  # noqa: N802 - the API's names
        return {"id": 123456789, "is_bot": True, "first_name": "举报助手", "username": "report_bot"}

    async def _setWebhook(self, form: dict[str, Any]) -> bool:  # noqa: N802
        self.webhook = {"url": form["url"], "secret": form["secret_token"]}
        assert set(json.loads(form["allowed_updates"])) >= {"message", "callback_query"}
        return True

    async def _deleteWebhook(self, form: dict[str, Any]) -> bool:  # noqa: N802
        self.webhook = {}
        return True

    async def _getUpdates(self, form: dict[str, Any]) -> Any:  # noqa: N802
        if self.webhook:
            raise Refusal(409, "Conflict: can't use getUpdates method while webhook is active")
        offset = int(form.get("offset", 0))
        self.confirmed = max(self.confirmed, offset)
        until = time.monotonic() + min(int(form.get("timeout", 0)), 1)
        while time.monotonic() < until and not any(  # noqa: ASYNC110 - the queue is filled by another thread
            update["update_id"] >= offset for update in self.queue
        ):
            await asyncio.sleep(0.02)
        self.queue = [update for update in self.queue if update["update_id"] >= offset]
        return list(self.queue)

    async def _sendMessage(self, form: dict[str, Any]) -> Any:  # noqa: N802
        text = form["text"]
        if not text or len(text.encode("utf-16-le")) // 2 > 4096:
            raise Refusal(400, "Bad Request: message is too long")
        buttons = []
        for row in json.loads(form.get("reply_markup", '{"inline_keyboard": []}'))["inline_keyboard"]:
            for button in row:
                if not 1 <= len(button["callback_data"].encode()) <= 64:
                    raise Refusal(400, "Bad Request: BUTTON_DATA_INVALID")
                buttons.append((button["text"], button["callback_data"]))
        preview = not json.loads(form.get("link_preview_options", "{}")).get("is_disabled", False)
        return self._deliver(form, Seen(next(self.messages), text, buttons, preview))

    async def _sendDocument(self, form: dict[str, Any]) -> Any:  # noqa: N802
        return self._deliver(form, Seen(next(self.messages), "", file=await form["document"].read()))

    async def _sendPhoto(self, form: dict[str, Any]) -> Any:  # noqa: N802
        return self._deliver(form, Seen(next(self.messages), "", file=await form["photo"].read()))

    async def _sendVideo(self, form: dict[str, Any]) -> Any:  # noqa: N802
        return self._deliver(form, Seen(next(self.messages), "", file=await form["video"].read()))

    def _deliver(self, form: dict[str, Any], seen: Seen) -> Any:
        phone = self.phones.get(int(form["chat_id"]))
        if phone is None:
            raise Refusal(400, "Bad Request: chat not found")
        if phone.blocked:
            raise Refusal(403, "Forbidden: bot was blocked by the user")
        now = time.monotonic()
        if now - phone.last < PACE:
            self.too_fast += 1
            raise Refusal(429, "Too Many Requests: retry after 1", retry_after=1)
        phone.last = now
        phone.seen.append(seen)
        return {"message_id": seen.id, "date": int(time.time()), "chat": phone.chat, "text": seen.text or "x"}

    async def _answerCallbackQuery(self, form: dict[str, Any]) -> bool:  # noqa: N802
        self.answered.append(form["callback_query_id"])
        return True

    async def _editMessageReplyMarkup(self, form: dict[str, Any]) -> Any:  # noqa: N802
        phone = self.phones[int(form["chat_id"])]
        seen = next(item for item in phone.seen if item.id == int(form["message_id"]))
        if not seen.buttons:
            raise Refusal(400, "Bad Request: message is not modified")
        seen.buttons = []
        return {"message_id": seen.id, "date": int(time.time()), "chat": phone.chat, "text": seen.text}

    async def _getFile(self, form: dict[str, Any]) -> Any:  # noqa: N802
        file = self.files.get(form["file_id"])
        if file is None or file.how == "gone":
            raise Refusal(400, "Bad Request: wrong file_id or the file is temporarily unavailable")
        if len(file.content) > 20 * 1024 * 1024:
            raise Refusal(400, "Bad Request: file is too big")
        return {
            "file_id": form["file_id"],
            "file_unique_id": "u" + form["file_id"],
            "file_size": len(file.content),
            "file_path": file.path,
        }

    async def _file(self, request: Request) -> Response:
        if request.path_params["token"] != TOKEN:
            return Response(status_code=404)
        file = next((item for item in self.files.values() if item.path == request.path_params["path"]), None)
        if file is None:
            return Response(status_code=404)
        if file.how == "cut":
            file.how = "well"
            return StreamingResponse(_break_off(file.content[:20]), headers={"content-length": str(len(file.content))})
        if file.how == "html":
            return Response("<html>sorry</html>", media_type="image/jpeg")
        return Response(file.content, media_type="application/octet-stream")

    # -- pushing

    def push(self, update: dict[str, Any], times: int = 1) -> list[int]:
        """Hand an update to the bot, `times` over, as happens when an answer is lost; the last statuses."""
        if not self.webhook:
            self.queue.append(update)
            return []
        statuses = []
        for _ in range(times):
            for _attempt in range(PUSHES):
                headers = {"X-Telegram-Bot-Api-Secret-Token": self.webhook["secret"]}
                try:
                    answer = httpx.post(self.webhook["url"], json=update, headers=headers, timeout=20)
                    status = answer.status_code
                except httpx.HTTPError:
                    status = 0
                if 200 <= status < 300:
                    break
                time.sleep(0.1)
            statuses.append(status)
        return statuses


async def _break_off(content: bytes = b"") -> Any:
    yield content
    raise ConnectionResetError


class Phone:
    """One person."""

    def __init__(self, platform: Platform, person: int) -> None:
        self.platform, self.person = platform, person
        self.chat = {"id": person, "type": "private", "first_name": "小雨"}
        self.seen: list[Seen] = []
        self.blocked = False
        self.last = 0.0
        platform.phones[person] = self

    @property
    def texts(self) -> list[str]:
        return [seen.text for seen in self.seen]

    def _user(self) -> dict[str, Any]:
        return {"id": self.person, "is_bot": False, "first_name": "小雨", "language_code": "zh-hans"}

    def message(self, **what: Any) -> dict[str, Any]:
        number = next(self.platform.messages)
        return {"message_id": number, "from": self._user(), "chat": self.chat, "date": int(time.time()), **what}

    def update(self, **what: Any) -> dict[str, Any]:
        return {"update_id": next(self.platform.numbers), **what}

    def says(self, text: str, times: int = 1) -> list[int]:
        return self.platform.push(self.update(message=self.message(text=text)), times)

    def edits(self, text: str) -> list[int]:
        return self.platform.push(self.update(edited_message=self.message(text=text, edit_date=int(time.time()))))

    def presses(self, title: str, times: int = 1) -> list[int]:
        """Press the newest button of this title."""
        found = [(seen, data) for seen in reversed(self.seen) for shown, data in seen.buttons if shown == title]
        # An end of an iteration would never leave the thread that tests call this in.
        assert found, f"no button {title}"
        return self.calls_back(*found[0], times)

    def calls_back(self, seen: Seen, data: str, times: int = 1) -> list[int]:
        """Send what a button under a message would send, whether it is there or not."""
        query = {
            "id": str(next(self.platform.numbers)),
            "from": self._user(),
            "chat_instance": "1",
            "data": data,
            "message": {"message_id": seen.id, "date": int(time.time()), "chat": self.chat, "text": seen.text},
        }
        return self.platform.push(self.update(callback_query=query), times)

    def keeps(self, content: bytes, path: str, how: str = "well") -> str:
        """Upload a file to Telegram; its id."""
        file_id = f"F{len(self.platform.files)}"
        self.platform.files[file_id] = File(content, path, how)
        return file_id

    def sends_photo(self, content: bytes, times: int = 1, how: str = "well", **more: Any) -> list[int]:
        large = self.keeps(content, f"photos/file_{len(self.platform.files)}.jpg", how)
        sizes = [
            {"file_id": name, "file_unique_id": "u" + name, "width": side, "height": side, "file_size": len(content)}
            for name, side in (("small", 90), (large, 1280), ("middle", 320))
        ]
        return self.platform.push(self.update(message=self.message(photo=sizes, **more)), times)

    def sends(self, kind: str, content: bytes, name: str = "", times: int = 1, **more: Any) -> list[int]:
        """A document, video, voice, audio or video_note."""
        ending = {"voice": "oga", "video": "mp4", "video_note": "mp4", "audio": "mp3"}.get(kind, "bin")
        file_id = self.keeps(content, f"{kind}/file_{len(self.platform.files)}.{ending}")
        about: dict[str, Any] = {"file_id": file_id, "file_unique_id": "u" + file_id, "file_size": len(content)}
        about |= {"duration": 3} if kind in ("voice", "video", "audio", "video_note") else {}
        about |= {"width": 320, "height": 240} if kind == "video" else {}
        about |= {"length": 240} if kind == "video_note" else {}
        about |= {"file_name": name} if name else {}
        return self.platform.push(self.update(message=self.message(**{kind: about}, **more)), times)

    def blocks(self, blocked: bool = True) -> list[int]:
        self.blocked = blocked
        bot = {"id": 123456789, "is_bot": True, "first_name": "举报助手", "username": "report_bot"}
        stands: tuple[dict[str, Any], dict[str, Any]] = (
            {"user": bot, "status": "member"},
            {"user": bot, "status": "kicked", "until_date": 0},
        )
        old, new = stands if blocked else stands[::-1]
        change = {"chat": self.chat, "from": self._user(), "date": int(time.time())}
        return self.platform.push(
            self.update(my_chat_member={**change, "old_chat_member": old, "new_chat_member": new})
        )
