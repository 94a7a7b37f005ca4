"""Where evidence may lie: a folder, and a bucket behind the S3 protocol, here moto's server on loopback."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import boto3
import pytest
from moto.server import ThreadedMotoServer

from bot.sealing import Sealer
from connectors.gateway import Database, Rejected, Vault
from connectors.gateway.vault import Folder, Store, StoreAway, open_store
from tests import files

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_EC2_METADATA_DISABLED": "true"}


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """The address of a running S3 server."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def url(s3: str, monkeypatch: pytest.MonkeyPatch) -> str:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    client = boto3.client("s3", endpoint_url=s3, region_name="us-east-1")
    client.create_bucket(Bucket="evidence")
    client.close()
    return f"s3://evidence/reports?endpoint={quote(s3, safe='')}"


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return open_store(request.getfixturevalue("url") if request.param == "bucket" else "", tmp_path / "evidence")


NAME = "ab" * 32


def test_what_is_put_is_got(store: Store) -> None:
    store.put(NAME, b"\x00noise\xff")
    assert store.get(NAME) == b"\x00noise\xff"
    store.put(NAME, b"other")
    assert store.get(NAME) == b"other"


def test_what_is_deleted_is_gone(store: Store) -> None:
    store.put(NAME, b"noise")
    for _ in range(2):
        store.delete(NAME)
    with pytest.raises(FileNotFoundError):
        store.get(NAME)


async def test_a_vault_works_over_it(store: Store, database: Database) -> None:
    vault = Vault(store, database, Sealer(bytes(32)), Sealer)
    content = files.png(5)
    kept = await vault.keep("a", "截图.png", content)
    await vault.file_under("a", "report-1", [kept.id])
    assert await vault.read("a", kept.id) == content
    assert (await vault.read_copy("a", kept.id))[1] == "image/png"
    assert await vault.erase("report-1") == 1


async def test_the_bucket_sees_noise_under_keyed_names(url: str, s3: str, database: Database) -> None:
    vault = Vault(open_store(url, Path("unused")), database, Sealer(bytes(32)), Sealer)
    await vault.keep("a", "王小明.pdf", files.pdf("13812345678"))
    client = boto3.client("s3", endpoint_url=s3, region_name="us-east-1")
    newest = max(client.list_objects_v2(Bucket="evidence")["Contents"], key=lambda item: item["LastModified"])
    assert newest["Key"].startswith("reports/")
    stored = client.get_object(Bucket="evidence", Key=newest["Key"])["Body"].read()
    client.close()
    assert b"%PDF" not in stored
    assert b"13812345678" not in stored


def test_a_folder_is_its_owners_alone(tmp_path: Path) -> None:
    Folder(tmp_path / "evidence").put(NAME, b"noise")
    [file] = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


async def test_a_store_that_is_away_is_said_and_leaves_no_row(
    tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    store = open_store("s3://evidence?endpoint=http://127.0.0.1:9&addressing=path", tmp_path)
    with pytest.raises(StoreAway):
        store.get(NAME)
    vault = Vault(store, database, Sealer(bytes(32)), Sealer)
    with pytest.raises(Rejected) as refused:
        await vault.keep("a", "x.png", files.png())
    assert (refused.value.reason, refused.value.status) == ("file_store_away", 503)
    assert await vault.facts("a") == []


async def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path, database: Database) -> None:
    (tmp_path / "evidence").write_text("a file is in the way")
    vault = Vault(tmp_path / "evidence", database, Sealer(bytes(32)), Sealer)
    with pytest.raises(Rejected) as refused:
        await vault.keep("a", "x.png", files.png())
    assert refused.value.reason == "file_store_away"


@pytest.mark.parametrize("url", ["http://x", "s3://", "s3://b?secret=1", "ftp://b"])
def test_a_wrong_address_is_named(url: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="s3://bucket"):
        open_store(url, tmp_path)
