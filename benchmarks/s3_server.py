"""An S3 of this machine's disk for benchmarks: little work for a request, so that ours is measured.

Knows what the scorer and the functions ask for: GET (ranges, If-Match), HEAD, PUT (If-None-Match),
ListObjectsV2, and one SSM parameter. Anybody may do anything; it listens on this machine alone.

python -m benchmarks.s3_server FOLDER [--objects BUCKET/PREFIX=COUNT[:FILE]] [--parameter VALUE]

prints its port. There are ``COUNT`` objects as named by ``--objects``, each with the content of
``FILE``; without a file they are listed, and have no content.
"""

import argparse
import asyncio
import bisect
import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, unquote, urlsplit
from xml.sax.saxutils import escape

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PAGE = 1000
MODIFIED = "2026-01-02T03:04:05.000Z"
HTTP_DATE = "Fri, 02 Jan 2026 03:04:05 GMT"
LISTED_BYTES = 250_000
CHUNK_SIZE = re.compile(rb"([0-9a-fA-F]+)[^\r\n]*\r\n")


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of an object; ``path`` is None where it has no content."""

    etag: str
    size: int
    path: Path | None


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: status, headers beside Content-Length, content, and what length to tell."""

    status: str
    headers: Mapping[str, str]
    body: bytes = b""
    length: int | None = None


def failure(status: str, code: str) -> Reply:
    """Return an error as S3 words it."""
    body = f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>{code}</Message></Error>'
    return Reply(status, {"Content-Type": "application/xml"}, body.encode())


class Store:
    """Objects by ``bucket/key``, their content in a folder."""

    def __init__(self, folder: Path, parameter: str = "") -> None:
        self._folder = folder
        self._parameter = parameter
        self._entries: dict[str, Entry] = {}
        self._names: list[str] = []
        self._sorted = True

    def know(self, name: str, entry: Entry) -> None:
        """Add an object, or put another in its place."""
        if name not in self._entries:
            self._sorted = self._sorted and (not self._names or self._names[-1] < name)
            self._names.append(name)
        self._entries[name] = entry

    def fill(self, prefix: str, wish: str) -> None:
        """Add objects as the command line asks for them: ``COUNT`` or ``COUNT:FILE``."""
        count, _, file = wish.partition(":")
        path = Path(file) if file else None
        data = path.read_bytes() if path else b""
        etag = hashlib.md5(data, usedforsecurity=False).hexdigest()
        entry = Entry(etag, len(data) if path else LISTED_BYTES, path)
        for number in range(int(count)):
            self.know(f"{prefix}{number:09d}.jpg", entry)

    def put(self, name: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Answer a PUT."""
        if headers.get("if-none-match") == "*" and name in self._entries:
            return failure("412 Precondition Failed", "PreconditionFailed")
        path = self._folder / hashlib.sha256(name.encode()).hexdigest()
        path.write_bytes(body)
        entry = Entry(hashlib.md5(body, usedforsecurity=False).hexdigest(), len(body), path)
        self.know(name, entry)
        return Reply("200 OK", {"ETag": f'"{entry.etag}"'})

    def get(self, name: str, headers: Mapping[str, str], *, head: bool) -> Reply:
        """Answer a GET or a HEAD."""
        entry = self._entries.get(name)
        if entry is None:
            return failure("404 Not Found", "NoSuchKey")
        if headers.get("if-match", f'"{entry.etag}"') != f'"{entry.etag}"':
            return failure("412 Precondition Failed", "PreconditionFailed")
        told = {"ETag": f'"{entry.etag}"', "Last-Modified": HTTP_DATE, "Accept-Ranges": "bytes"}
        if head:
            return Reply("200 OK", told, length=entry.size)
        first, last = _range(headers.get("range"), entry.size)
        if entry.path is None or first > last:
            return failure("416 Range Not Satisfiable", "InvalidRange")
        with entry.path.open("rb") as stream:
            stream.seek(first)
            body = stream.read(last - first + 1)
        if "range" not in headers:
            return Reply("200 OK", told, body)
        part = {"Content-Range": f"bytes {first}-{last}/{entry.size}"}
        return Reply("206 Partial Content", {**told, **part}, body)

    def parameter(self) -> Reply:
        """Answer SSM's GetParameter, whatever its name."""
        body = json.dumps({"Parameter": {"Value": self._parameter, "Type": "String"}})
        return Reply("200 OK", {"Content-Type": "application/x-amz-json-1.1"}, body.encode())

    def list(self, bucket: str, query: Mapping[str, str]) -> Reply:
        """Answer ListObjectsV2, without delimiters."""
        if not self._sorted:
            self._names.sort()
            self._sorted = True
        most = min(PAGE, int(query.get("max-keys", PAGE)))
        stem = f"{bucket}/{query.get('prefix', '')}"
        after = query.get("continuation-token") or query.get("start-after") or ""
        begin = bisect.bisect_left(self._names, stem)
        if after:
            begin = max(begin, bisect.bisect_right(self._names, f"{bucket}/{after}"))
        names = [name for name in self._names[begin : begin + most + 1] if name.startswith(stem)]
        more, names = len(names) > most, names[:most]
        keys = [name.partition("/")[2] for name in names]
        items = "".join(
            f"<Contents><Key>{escape(quote(key, safe='/'))}</Key>"
            f"<LastModified>{MODIFIED}</LastModified>"
            f"<ETag>&quot;{self._entries[name].etag}&quot;</ETag>"
            f"<Size>{self._entries[name].size}</Size></Contents>"
            for name, key in zip(names, keys, strict=True)
        )
        token = f"<NextContinuationToken>{escape(keys[-1])}</NextContinuationToken>" if more else ""
        body = (
            '<?xml version="1.0" encoding="UTF-8"?>'
            '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
            f"<Name>{bucket}</Name><KeyCount>{len(keys)}</KeyCount><MaxKeys>{most}</MaxKeys>"
            f"<EncodingType>url</EncodingType><IsTruncated>{str(more).lower()}</IsTruncated>"
            f"{token}{items}</ListBucketResult>"
        )
        return Reply("200 OK", {"Content-Type": "application/xml"}, body.encode())


def _range(text: str | None, size: int) -> tuple[int, int]:
    if not text:
        return 0, size - 1
    first, _, last = text.removeprefix("bytes=").partition("-")
    if not first:
        return max(0, size - int(last)), size - 1
    return int(first), min(size - 1, int(last) if last else size - 1)


def _unchunked(body: bytes) -> bytes:
    """Return the content of a body in aws-chunked encoding."""
    parts, at = [], 0
    while match := CHUNK_SIZE.match(body, at):
        length = int(match[1], 16)
        if not length:
            break
        parts.append(body[match.end() : match.end() + length])
        at = match.end() + length + 2
    return b"".join(parts)


def answer(
    store: Store, method: str, target: str, headers: Mapping[str, str], body: bytes
) -> Reply:
    """Return the answer to one request, addressed by path."""
    parts = urlsplit(target)
    name = unquote(parts.path).lstrip("/")
    bucket, _, key = name.partition("/")
    if method in {"GET", "HEAD"} and key:
        return store.get(name, headers, head=method == "HEAD")
    if method == "GET":
        return store.list(bucket, dict(parse_qsl(parts.query, keep_blank_values=True)))
    if method == "PUT" and key:
        chunked = "aws-chunked" in headers.get("content-encoding", "")
        return store.put(name, headers, _unchunked(body) if chunked else body)
    if headers.get("x-amz-target") == "AmazonSSM.GetParameter":
        return store.parameter()
    return failure("501 Not Implemented", "NotImplemented")


async def _body(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
    if headers.get("transfer-encoding", "").lower() != "chunked":
        return await reader.readexactly(int(headers.get("content-length", "0")))
    parts = []
    while length := int((await reader.readline()).split(b";")[0], 16):
        parts.append(await reader.readexactly(length))
        await reader.readline()
    while (await reader.readline()).strip():
        pass
    return b"".join(parts)


async def _serve(store: Store, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer one connection's requests, one after the other."""
    try:
        while request := await reader.readline():
            method, target, _ = request.decode("latin-1").split(" ", 2)
            headers: dict[str, str] = {}
            while line := (await reader.readline()).strip():
                field, _, value = line.decode("latin-1").partition(":")
                headers[field.lower()] = value.strip()
            if headers.get("expect", "").lower() == "100-continue":
                writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            reply = answer(store, method, target, headers, await _body(reader, headers))
            length = len(reply.body) if reply.length is None else reply.length
            head = "".join(f"{field}: {value}\r\n" for field, value in reply.headers.items())
            writer.write(
                f"HTTP/1.1 {reply.status}\r\n{head}Content-Length: {length}\r\n\r\n".encode()
                + reply.body
            )
            await writer.drain()
    except (ConnectionError, asyncio.IncompleteReadError):
        return
    finally:
        writer.close()


async def _run(store: Store) -> None:
    server = await asyncio.start_server(
        lambda reader, writer: _serve(store, reader, writer), "127.0.0.1", 0, limit=1 << 20
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@dataclass(frozen=True, slots=True)
class LocalS3:
    """A running server: its process id, and where it is reached."""

    pid: int
    endpoint: str

    @property
    def environment(self) -> dict[str, str]:
        """What points boto3 here."""
        return {
            "AWS_ENDPOINT_URL_S3": self.endpoint,
            "AWS_ENDPOINT_URL_SSM": self.endpoint,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_DEFAULT_REGION": "us-east-1",
        }

    def session(self) -> boto3.Session:
        """Return a session with credentials that nobody checks."""
        return boto3.Session("local", "local", region_name="us-east-1")

    def client(self, connections: int = 64) -> "S3Client":
        """Return a client with the job's own retries and pool."""
        config = Config(
            max_pool_connections=connections,
            retries={"mode": "adaptive", "max_attempts": 6},
            s3={"addressing_style": "path"},
        )
        return self.session().client("s3", config=config, endpoint_url=self.endpoint)


@contextmanager
def local_s3(folder: Path, *options: str) -> Iterator[LocalS3]:
    """Run a server of its own process on a folder while the block runs."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "benchmarks.s3_server", str(folder), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            # PIPE was asked for, so it is not None.
            port = process.stdout.readline().strip() if process.stdout else ""
            if not port:
                raise RuntimeError(f"the local S3 ended with status {process.wait()}")
            yield LocalS3(process.pid, f"http://127.0.0.1:{port}")
        finally:
            process.kill()


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--objects", action="append", default=[], metavar="BUCKET/PREFIX=COUNT[:FILE]"
    )
    parser.add_argument("--parameter", default="none", metavar="VALUE")
    arguments = parser.parse_args()
    store = Store(arguments.folder, arguments.parameter)
    for wish in arguments.objects:
        store.fill(*wish.partition("=")[::2])
    asyncio.run(_run(store))


if __name__ == "__main__":
    main()
