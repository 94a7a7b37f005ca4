"""`reportguide up` from its start to its end: what stops it says so in one line, and Ctrl-C leaves nothing behind."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from bot.settings import ROOT
from tests.system import System, wait_for


def reportguide(
    *arguments: str, root: Path = ROOT, environment: Mapping[str, str] = {}
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bot.cli", *arguments],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root), **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def one_line(done: subprocess.CompletedProcess[str]) -> str:
    """What it said as it ended: one line beside what it was doing, no trace of the program."""
    said = [line for line in done.stderr.strip().splitlines() if not line.startswith("making ")]
    assert done.returncode == 1, done
    assert len(said) == 1, done.stderr
    assert said[0].startswith("reportguide: ")
    return said[0]


def test_a_port_in_use_is_named_with_its_setting(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = reportguide("up", environment={"REPORTGUIDE_PORT": port, "REPORTGUIDE_HOME": str(tmp_path)})
    said = one_line(done)
    assert port in said
    assert "REPORTGUIDE_PORT" in said


@pytest.mark.parametrize(
    ("name", "value"),
    [("REPORTGUIDE_PORT", "many"), ("REPORTGUIDE_KEY", "short"), ("REPORTGUIDE_KEY_FILE", "{home}/key")],
)
def test_a_setting_that_cannot_be_used_is_named(name: str, value: str, tmp_path: Path) -> None:
    done = reportguide(
        "up", environment={"REPORTGUIDE_HOME": str(tmp_path), name: value.replace("{home}", str(tmp_path))}
    )
    assert name in one_line(done)


def test_broken_yaml_is_named_with_its_file_and_line(tmp_path: Path) -> None:
    copy = _copy(tmp_path)
    file = copy / "dialogues" / "standard" / "matters" / "insult_defamation.yml"
    file.write_text(file.read_text("utf-8") + "\n  title: [broken\n", "utf-8")
    for command in ("up", "validate"):
        done = reportguide(command, root=copy, environment=_ports(tmp_path))
        text = done.stderr + done.stdout
        assert done.returncode == 1, text
        assert "insult_defamation.yml" in text
        assert "Traceback" not in text


def test_a_missing_python_is_named_with_what_to_do(tmp_path: Path) -> None:
    copy = _copy(tmp_path)
    failing = tmp_path / "uv"
    failing.write_text("#!/bin/sh\necho 'error: No interpreter found for Python 3.10' >&2; exit 2\n", "utf-8")
    failing.chmod(0o755)
    done = reportguide("up", root=copy, environment={**_ports(tmp_path), "UV": str(failing)})
    said = one_line(done)
    assert "No interpreter found" in said
    assert "Python 3.10" in said


def test_a_key_that_is_gone_is_not_made_anew(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "service.db").touch()
    done = reportguide("up", environment={"REPORTGUIDE_HOME": str(home), "REPORTGUIDE_KEY_FILE": str(tmp_path / "key")})
    assert "sealing key is gone" in one_line(done)
    assert not (tmp_path / "key").exists()


@pytest.mark.system
def test_ctrl_c_stops_every_child_and_a_second_start_goes_on(tmp_path: Path) -> None:
    with System(tmp_path) as system:
        person = system.person()
        person.say("抖音上有个叫老城一霸的发视频造谣说我偷手机，根本没有的事")
        person.say("对")
        step = person.step
        children = system.pids()
        assert set(children) == {"supervisor", "service", "brain", "backend"}
        assert system.stop() == 0
        assert not [name for name, pid in children.items() if _alive(pid)]
        system.start()
        person.say("还差几项")
        assert person.step == step
        # A supervisor that is killed takes its children along, so that the next start finds its ports free.
        children = system.pids()
        system.stop(signal.SIGKILL)
        wait_for(lambda: not [pid for pid in children.values() if _alive(pid)], "the children's end")


@pytest.mark.system
def test_training_ends_with_whoever_began_it(tmp_path: Path) -> None:
    environment = {**os.environ, **_ports(tmp_path)}
    with subprocess.Popen([sys.executable, "-m", "bot.cli", "train"], cwd=ROOT, env=environment) as command:
        [child] = wait_for(lambda: _children(command.pid, "bot.brain.train"), "the training")
        command.send_signal(signal.SIGKILL)
        wait_for(lambda: not _alive(child), "the end of the training")


def _children(parent: int, module: str) -> list[int]:
    """The processes that run a module as children of another."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and _alive(int(entry.name)):
            state = (entry / "stat").read_text("utf-8").rsplit(")", 1)[1].split()
            if int(state[1]) == parent and module in (entry / "cmdline").read_text("utf-8").split("\0"):
                found.append(int(entry.name))
    return found


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def _copy(tmp_path: Path) -> Path:
    """A checkout of its own, without environments and data."""
    copy = tmp_path / "checkout"
    copy.mkdir()
    for room in ("bot", "actions", "connectors", "knowledge", "dialogues"):
        shutil.copytree(ROOT / room, copy / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    return copy


def _ports(tmp_path: Path) -> dict[str, str]:
    """Settings under which nothing of another start is in the way."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        first = probe.getsockname()[1]
    names = ("PORT", "CONSOLE_PORT", "ACTIONS_PORT", "BRAIN_PORT", "BACKEND_PORT")
    ports = {f"REPORTGUIDE_{name}": str(first + place) for place, name in enumerate(names)}
    return {**ports, "REPORTGUIDE_HOME": str(tmp_path / "home"), "REPORTGUIDE_KEY_FILE": str(tmp_path / "key")}
