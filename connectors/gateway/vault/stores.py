"""Where sealed files lie: a folder, or a bucket of any S3-compatible store. Both see only noise under keyed names."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit


class StoreAway(Exception):
    """The store cannot be reached or refuses: try again later."""


class Store(Protocol):
    """Sealed files by name. Called in threads. Every call may raise StoreAway."""

    def put(self, name: str, content: bytes) -> None:
        """Write a file so that it is there whole or not at all."""
        ...

    def get(self, name: str) -> bytes:
        """The file's bytes. Raises FileNotFoundError."""
        ...

    def delete(self, name: str) -> None:
        """Remove the file; nothing happens if it is not there."""
        ...


def open_store(url: str, folder: Path) -> Store:
    """The store at `url` (``s3://bucket/prefix?endpoint=https://…``), or else `folder`. Raises ValueError."""
    return S3(url) if url else Folder(folder)


class Folder:
    """Files in a folder of this machine, readable by its owner alone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, name: str, content: bytes) -> None:
        path = self._path(name)
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            temporary = path.with_suffix(".part")
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as out:
                out.write(content)
                out.flush()
                os.fsync(out.fileno())
            temporary.replace(path)
        except OSError as problem:
            raise StoreAway(f"cannot write evidence: {problem.strerror}") from problem

    def get(self, name: str) -> bytes:
        return self._path(name).read_bytes()

    def delete(self, name: str) -> None:
        self._path(name).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self._folder / name[:2] / name


class S3:
    """A bucket. ``s3://bucket/prefix?endpoint=…&region=…&addressing=path|virtual``; all after the bucket is optional.

    Credentials come from where every S3 program looks for them (``AWS_ACCESS_KEY_ID``, an instance's role, …).
    """

    def __init__(self, url: str) -> None:
        # Imported here: it costs half a second that an agency with a folder need not wait.
        import boto3
        from botocore.config import Config

        parts = urlsplit(url)
        options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        if parts.scheme != "s3" or not parts.netloc or options.keys() - {"endpoint", "region", "addressing"}:
            raise ValueError("an evidence store is named like s3://bucket/prefix?endpoint=https://…&region=…")
        self._bucket, prefix = parts.netloc, parts.path.strip("/")
        self._prefix = f"{prefix}/" if prefix else ""
        self._client: Any = boto3.client(  # type: ignore[no-untyped-call]
            "s3",
            endpoint_url=options.get("endpoint"),
            region_name=options.get("region") or "us-east-1",
            config=Config(  # type: ignore[no-untyped-call]
                signature_version="s3v4",
                connect_timeout=5,
                read_timeout=30,
                retries={"mode": "standard", "max_attempts": 3},
                s3={"addressing_style": options.get("addressing", "auto")},
                # Stores other than the first one answer newer checksums with an error.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )

    def put(self, name: str, content: bytes) -> None:
        self._call("put_object", name, Body=content)

    def get(self, name: str) -> bytes:
        from botocore.exceptions import BotoCoreError

        answer = self._call("get_object", name)
        try:
            content: bytes = answer["Body"].read()
        except BotoCoreError as problem:
            raise StoreAway(type(problem).__name__) from problem
        return content

    def delete(self, name: str) -> None:
        self._call("delete_object", name)

    def _call(self, what: str, name: str, **more: Any) -> Any:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return getattr(self._client, what)(Bucket=self._bucket, Key=self._prefix + name, **more)
        except ClientError as problem:
            code = problem.response.get("Error", {}).get("Code", "")
            if code in ("NoSuchKey", "404"):
                raise FileNotFoundError(name) from None
            raise StoreAway(f"the store refuses: {code}") from problem
        except BotoCoreError as problem:
            raise StoreAway(type(problem).__name__) from problem
