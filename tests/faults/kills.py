"""``uv run python -m tests.faults.kills --kills 20``: a report goes on while its processes are killed.

One person holds a whole report over HTTP. Meanwhile brain, service or backend is ended by SIGKILL at random moments.
Afterwards the conversation has gone on, exactly one case exists, and every evidence file matches its hash.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import signal
import sys
import tempfile
import threading
import time
import uuid
from pathlib import Path
from typing import Any

import httpx

from tests import files
from tests.system import System, cases, wait_for

#: What the person says at each step; a step that is not here is an open text.
ANSWERS: dict[str, dict[str, Any]] = {
    "matter": {"text": "对"},
    "platform": {"text": "抖音"},
    "url": {"text": "https://v.douyin.com/iRNBho5x/"},
    "account": {"text": "老城一霸"},
    "time": {"text": "昨天晚上八点"},
    "proof": {"text": "城关派出所查过，说没有这回事，可以向他们核实"},
    "identity": {"text": "本人"},
    "id_number": {"text": "11010519491231002X"},
    "name": {"text": "周小雨"},
    "contact": {"text": "13812345678"},
    "consent": {"text": "同意"},
    "confirm": {"text": "确认"},
}
STORY = "抖音上有个叫老城一霸的发视频造谣，说我在他店里偷手机，根本没有的事，现在邻居都在传，我电话也被打爆了"


class Killer(threading.Thread):
    """Kills a random process of the system now and then, until it has killed `kills`."""

    def __init__(self, system: System, kills: int, seed: int) -> None:
        super().__init__(daemon=True)
        self._system, self._left, self._chance = system, kills, random.Random(seed)
        self.killed: list[str] = []
        self.done = threading.Event()

    def run(self) -> None:
        while self._left:
            # A random moment is the point here; nothing is waited for.
            time.sleep(self._chance.uniform(0.05, 1.5))
            name = self._chance.choice(["brain", "service", "backend"])
            pid = self._system.pids().get(name)
            if pid is None:
                continue
            os.kill(pid, signal.SIGKILL)
            self.killed.append(name)
            self._left -= 1
        self.done.set()


class Stubborn:
    """Sends each message, under one id, until it is answered."""

    def __init__(self, system: System) -> None:
        self._person = system.person()

    def _until(self, what: str, call: Any) -> Any:
        def attempt() -> Any:
            try:
                answer = call()
            except httpx.HTTPError:
                return None
            return answer if answer.status_code < 500 else None

        return wait_for(attempt, what, 240)

    def send(self, message: dict[str, Any]) -> dict[str, Any]:
        body = {"id": str(uuid.uuid4()), **message}

        def answered() -> Any:
            try:
                got = self._person.http.post("/api/chat/messages", params={"wait": 10, "debug": True}, json=body)
            except httpx.HTTPError:
                return None
            return got.json() if got.status_code == 200 and got.json()["done"] else None

        told: dict[str, Any] = wait_for(answered, f"an answer to {message}", 240)
        return told

    def upload(self, content: bytes) -> dict[str, Any]:
        kept: dict[str, Any] = self._until(
            "an upload", lambda: self._person.http.post("/api/chat/files", files={"file": ("证据.png", content)})
        ).json()
        return kept


def report(system: System, pictures: list[bytes], before_turn: Any = lambda: None) -> list[str]:
    """Hold one whole report; the steps in the order they were asked."""
    person = Stubborn(system)
    told = person.send({"text": STORY})
    steps: list[str] = []
    for _ in range(40):
        step = told["state"]["step"]
        steps.append(step)
        if step == "idle":
            return steps
        before_turn()
        if step == "evidence":
            told = person.send({"files": [person.upload(content)["id"] for content in pictures]})
        else:
            told = person.send(ANSWERS.get(step) or {"text": _any_answer(told)})
    raise AssertionError(f"the report did not come to an end: {steps}")


def _any_answer(told: dict[str, Any]) -> str:
    """The first button, or words."""
    buttons = [button["title"] for entry in told["entries"] for button in entry["buttons"]]
    return buttons[0] if buttons else "他说的都是假的，我那天根本不在店里，有同事可以证明"


def run(kills: int, seed: int) -> dict[str, Any]:
    """One report under `kills` kills. Raises AssertionError if anything was lost or doubled."""
    pictures = [files.png(n) for n in range(3)]
    with tempfile.TemporaryDirectory() as home, System(Path(home)) as system:
        killer = Killer(system, kills, seed)
        killer.start()
        rounds = 0
        while True:
            steps = report(system, pictures)
            rounds += 1
            if killer.done.is_set():
                break
        found = wait_for(lambda: _all_cases(system, rounds), f"{rounds} cases", 120)
        for case in found:
            whole = json.loads(system.run("cases", "show", case["case_no"], "--json").stdout)
            hashes = sorted(item["sha256"] for item in whole["evidence"])
            assert hashes == sorted(hashlib.sha256(content).hexdigest() for content in pictures), whole["evidence"]
            assert all(item["intact"] for item in whole["evidence"])
        at_backend = _backend_cases(system)
        assert sorted(at_backend) == sorted(case["case_no"] for case in found), "the backend has other cases"
        return {"kills": killer.killed, "reports": rounds, "cases": len(found), "steps": steps}


def _all_cases(system: System, rounds: int) -> Any:
    found = cases(system)
    assert len(found) <= rounds, f"{len(found)} reports were submitted in {rounds} conversations"
    return found if len(found) == rounds and all(case["case_no"] for case in found) else None


def _backend_cases(system: System) -> list[str]:
    url = f"http://127.0.0.1:{system.ports['BACKEND_PORT']}/v1/cases?limit=100"
    headers = {"Authorization": "Bearer " + system.sealer.derive("backend").hex()}

    def ask() -> Any:
        try:
            return httpx.get(url, headers=headers).json()["cases"]
        except httpx.HTTPError:
            return None

    return [case["case_no"] for case in wait_for(ask, "the backend", 60)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    result = run(asked.kills, asked.seed)
    print(json.dumps(result, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
