"""ClamAV's own daemon, with a signature made for these tests, and what the vault does when it is away."""

from __future__ import annotations

import hashlib
import shutil
import socket
import socketserver
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.sealing import Sealer
from connectors.gateway import Database, Rejected, Vault
from connectors.gateway.vault import Clamd, Infected, NotScanned, ScannerAway
from tests import files
from tests.conftest import need
from tests.system import free_ports, wait_for

#: What the test's signature finds: harmless, and found anywhere in a file.
MARK = b"REPORTGUIDE-HARMLESS-TEST-PATTERN"
HARMFUL = files.pdf(MARK.decode())


class Daemon:
    """A real clamd that listens on a socket in a short path and on a port."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.socket = folder, folder / "clamd.ctl"
        [self.port] = free_ports(1)
        signatures = folder / "db"
        signatures.mkdir()
        (signatures / "test.ndb").write_text(f"Test.Reportguide.Pattern:0:*:{MARK.hex()}\n")
        known = hashlib.sha256(files.pdf("by its hash")).hexdigest()
        (signatures / "test.hsb").write_text(f"{known}:{len(files.pdf('by its hash'))}:Test.Reportguide.Hash\n")
        self.config = folder / "clamd.conf"
        self.config.write_text(
            f"DatabaseDirectory {signatures}\nLocalSocket {self.socket}\nTCPSocket {self.port}\nTCPAddr 127.0.0.1\n"
            f"TemporaryDirectory {folder}\nForeground yes\nStreamMaxLength 30M\nLogFile {folder / 'log'}\n"
            "LogFileMaxSize 0\nMaxThreads 2\n"
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            ["clamd", "-c", str(self.config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_for(self._ready, "clamd", 60)

    def _ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self.folder / "log").read_text("utf-8")
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as probe:
                probe.sendall(b"zPING\0")
                return probe.recv(16).startswith(b"PONG")
        except OSError:
            return False

    def stop(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait(30)
            self._process = None


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    need(shutil.which("clamd") is not None, "ClamAV's daemon (Debian: apt-get install clamav-daemon)")
    # A Unix socket's path must be short, and pytest's folders are not.
    with tempfile.TemporaryDirectory(prefix="clamd") as folder:
        daemon = Daemon(Path(folder))
        daemon.start()
        yield daemon
        daemon.stop()


@pytest.fixture(params=["unix", "tcp"])
def address(request: pytest.FixtureRequest, daemon: Daemon) -> str:
    return f"unix:{daemon.socket}" if request.param == "unix" else f"tcp://127.0.0.1:{daemon.port}"


def test_the_daemon_finds_what_it_knows_and_passes_the_rest(address: str) -> None:
    scanner = Clamd(address)
    assert scanner.scan(files.png()) is None
    assert scanner.scan(HARMFUL) == "Test.Reportguide.Pattern.UNOFFICIAL"
    assert scanner.scan(files.pdf("by its hash")) == "Test.Reportguide.Hash.UNOFFICIAL"
    assert scanner.scan(files.archive({"a/b.pdf": HARMFUL})) == "Test.Reportguide.Pattern.UNOFFICIAL"
    assert scanner.scan(files.pdf("x" * 5_000_000)) is None


async def test_a_harmful_file_is_refused_and_a_clean_one_kept(
    daemon: Daemon, tmp_path: Path, database: Database
) -> None:
    vault = Vault(tmp_path / "evidence", database, Sealer(bytes(32)), Sealer, Clamd(f"unix:{daemon.socket}"))
    with pytest.raises(Rejected) as refused:
        await vault.keep("a", "x.pdf", HARMFUL)
    assert refused.value.reason == "file_infected"
    assert await vault.facts("a") == []
    assert not (tmp_path / "evidence").exists()
    kept = await vault.keep("a", "x.png", files.png())
    assert await vault.read("a", kept.id) == files.png()


async def test_without_the_daemon_files_are_kept_and_handed_to_nobody(
    daemon: Daemon, tmp_path: Path, database: Database
) -> None:
    """Evidence is not lost because a scanner is down, and nothing unseen reaches a case worker."""
    daemon.stop()
    vault = Vault(tmp_path / "evidence", database, Sealer(bytes(32)), Sealer, Clamd(f"unix:{daemon.socket}"))
    good, bad = await vault.keep("a", "x.png", files.png()), await vault.keep("a", "x.pdf", HARMFUL)
    assert len(await vault.facts("a")) == 2
    assert await vault.scan_waiting() == []
    for item in (good, bad):
        with pytest.raises(NotScanned):
            await vault.read("a", item.id)
    with pytest.raises(NotScanned):
        await vault.read_copy("a", good.id)

    daemon.start()
    assert await vault.scan_waiting() == [("a", bad)]
    assert await vault.scan_waiting() == []
    assert await vault.read("a", good.id) == files.png()
    with pytest.raises(Infected):
        await vault.read("a", bad.id)
    assert [(t.action, t.details.get("scan")) for t in await vault.touches(bad.id)] == [
        ("stored", "waiting"),
        ("scanned", "infected"),
    ]


async def test_files_from_before_a_scanner_was_set_stay_readable(
    daemon: Daemon, tmp_path: Path, database: Database, vault: Vault
) -> None:
    kept = await vault.keep("a", "x.png", files.png())
    scanning = Vault(tmp_path / "evidence", database, Sealer(bytes(32)), Sealer, Clamd(f"unix:{daemon.socket}"))
    assert await scanning.read("a", kept.id) == files.png()


@pytest.mark.parametrize("answer", [b"INSTREAM size limit exceeded. ERROR\0", b"stream: broken ERROR\0", b"", b"OK\0"])
def test_no_verdict_is_not_a_good_verdict(answer: bytes) -> None:
    class Says(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(65536)
            self.request.sendall(answer)

    with socketserver.TCPServer(("127.0.0.1", 0), Says) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        with pytest.raises(ScannerAway):
            Clamd(f"tcp://127.0.0.1:{server.server_address[1]}", 5).scan(b"x")
        thread.join(10)


def test_a_daemon_that_stalls_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(ScannerAway):
        Clamd(f"tcp://127.0.0.1:{silent.getsockname()[1]}", 0.2).scan(b"x")


@pytest.mark.parametrize("address", ["", "unix:", "tcp://host", "http://x:1", "clamd"])
def test_a_wrong_address_is_named(address: str) -> None:
    with pytest.raises(ValueError, match="unix:/run"):
        Clamd(address)
