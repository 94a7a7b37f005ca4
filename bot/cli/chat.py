"""`reportguide chat`: talks to the running system over the web chat's HTTP API, and shows it as a channel would."""

from __future__ import annotations

import base64
import json
import sys
import time
import uuid
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.panel import Panel

from bot.channels import shown_as
from bot.cli.faults import Fault
from bot.settings import ROOT, Settings, internal_token
from bot.words import Phrases
from connectors.channels.contract import Capabilities
from connectors.gateway.messages import Button, Entry

#: Seconds that one turn is waited for before the program says that it takes longer.
WAIT = 60


class Talk:
    """One person's conversation. The name of the person makes its token, so the same name finds it again."""

    def __init__(self, settings: Settings, user: str, channel: str, debug: bool) -> None:
        sealer = settings.sealer()
        self.channel = shown_as(channel, Phrases(ROOT / "dialogues" / "phrases.yml"))
        token = base64.urlsafe_b64encode(sealer.derive(f"terminal:{user}")).decode().rstrip("=")
        headers = {"Authorization": f"Bearer {token}", "X-Reportguide-Operator": internal_token(sealer)}
        self._debug = debug
        self._http = httpx.Client(base_url=settings.public_url, headers=headers, timeout=WAIT + 10)
        self._address = settings.public_url

    def send(self, item: dict[str, Any]) -> dict[str, Any]:
        """One input line → ``{"messages": [{"text", "buttons": [{"title"}]}], "ms", "state"?}``.

        What the system refuses with words for a person comes back as a message. Raises Fault if there is no system.
        """
        began = time.perf_counter()
        message: dict[str, Any] = {"id": str(uuid.uuid4())}
        paths = item.get("file", item.get("files"))
        try:
            if paths is not None:
                kept = [self._upload(Path(path)) for path in ([paths] if isinstance(paths, str) else paths)]
                refused = [answer["message"] for answer in kept if "message" in answer]
                if refused:
                    return _out([{"text": text, "buttons": []} for text in refused], began)
                message["files"] = [answer["id"] for answer in kept]
            if "button" in item:
                message["button"] = {"label": str(item["button"])}
            if "text" in item:
                message["text"] = str(item["text"])
            answer = self._http.post("/api/chat/messages", params={"wait": WAIT, "debug": self._debug}, json=message)
        except httpx.ConnectError:
            raise Fault(f"nothing answers at {self._address}", "start the system with `reportguide up`") from None
        except httpx.HTTPError as problem:
            raise Fault(f"the connection failed: {type(problem).__name__}", "send the line again") from None
        if answer.is_server_error:
            raise Fault(f"the service answered {answer.status_code}", "look into its log under var/logs")
        told = answer.json()
        if answer.is_error:
            return _out([{"text": told["message"], "buttons": []}], began)
        return _out(self._shown(told["entries"]), began, told.get("state"))

    def _shown(self, said: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Entries as the channel's own messages: cut and joined as it would."""
        entries = [
            Entry(
                seq=entry["seq"],
                side="assistant",
                text=entry["text"],
                at=entry["at"],
                # What a button means stays in the service.
                buttons=[Button(title=button["title"], payload="") for button in entry["buttons"]],
            )
            for entry in said
        ]
        return [
            {"text": message.text, "buttons": [{"title": choice.title} for choice in message.choices]}
            for message in self.channel.render(entries, {})
        ]

    def _upload(self, path: Path) -> dict[str, Any]:
        try:
            with path.open("rb") as content:
                answer = self._http.post("/api/chat/files", files={"file": (path.name, content)})
        except OSError as problem:
            raise Fault(f"cannot read {path}: {problem.strerror}", "name a file that is there") from None
        told: dict[str, Any] = answer.json()
        return told


def _out(messages: list[dict[str, Any]], began: float, state: Any = None) -> dict[str, Any]:
    out: dict[str, Any] = {"messages": messages, "ms": round((time.perf_counter() - began) * 1000, 1)}
    if state is not None:
        out["state"] = state
    return out


def converse(settings: Settings, user: str, channel: str, *, jsonl: bool, debug: bool) -> int:
    """Hold a conversation on standard input and output; the exit code."""
    talk = Talk(settings, user, channel, debug)
    return _by_lines(talk) if jsonl else _by_hand(talk, debug)


def _by_lines(talk: Talk) -> int:
    for number, line in enumerate(sys.stdin, 1):
        if not line.strip():
            continue
        try:
            item = json.loads(line)
        except json.JSONDecodeError:
            raise Fault(f"line {number} is not JSON", 'each line is an object such as {"text": "…"}') from None
        if not isinstance(item, dict) or not item.keys() & {"text", "button", "file", "files"}:
            raise Fault(f"line {number} says nothing", 'give {"text": …}, {"button": …} or {"file": …}')
        print(json.dumps(talk.send(item), ensure_ascii=False), flush=True)
    return 0


def _by_hand(talk: Talk, debug: bool) -> int:
    console = Console()
    console.print("[dim]type, or the number of a button; /file PATH sends a file; Ctrl-D ends[/]")
    offered: list[str] = []
    as_lines = talk.channel.capabilities.buttons in ("menu", "links", "numbers")
    while True:
        try:
            typed = console.input("[bold cyan]› [/]").strip()
        except EOFError:
            return 0
        if not typed:
            continue
        if typed.startswith("/file "):
            item: dict[str, Any] = {"file": typed.removeprefix("/file ").strip()}
        elif typed.isdigit() and 1 <= int(typed) <= len(offered):
            item = {"button": typed}
        else:
            item = {"text": typed}
        answer = talk.send(item)
        offered = [button["title"] for message in answer["messages"] for button in message["buttons"]]
        number = 0
        for message in answer["messages"]:
            lines = []
            for button in message["buttons"]:
                number += 1
                lines.append(f"{number}. {button['title']}" if as_lines else f"[{number}] {button['title']}")
            choices = ("\n" if as_lines else "  ").join(lines)
            console.print(Panel(message["text"] + ("\n\n" + choices if choices else ""), width=60), markup=False)
        if spent := _spent(talk.channel.capabilities, len(answer["messages"])):
            console.print(f"[dim]{spent}[/]")
        if debug and "state" in answer:
            console.print_json(json.dumps(answer["state"], ensure_ascii=False))


def _spent(able: Capabilities, messages: int) -> str:
    """What a turn of so many messages costs where they are counted, in words for whoever tries the channel out."""
    if not able.budgets or not messages:
        return ""
    inside = 1 if able.reply_within else 0
    budget = able.budgets["message"]
    outside = max(0, messages - inside)
    reply = "the first one is the reply itself if the turn is quick; " if inside else ""
    hours = round(budget.seconds / 3600)
    return f"{reply}{outside} of the {budget.messages} messages allowed within {hours} h"
