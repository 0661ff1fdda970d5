"""Files up and down (protocols/dingtalk.md 4.1, 5.7)."""

from __future__ import annotations

import asyncio
import hashlib
import io
import ipaddress
import socket
import zipfile
from dataclasses import replace
from pathlib import PurePath
from urllib.parse import urljoin, urlsplit

import httpx

from bot.channels.base import Downloaded, FileStore, StoredFile
from bot.channels.dingtalk.answers import unreachable
from bot.channels.dingtalk.api import MEDIA_TIMEOUT, Api
from bot.errors import ChannelRejected, ChannelUnavailable
from bot.messages import ChannelName, Media

MAX_BYTES = 20 * 1024 * 1024  # image and file, both ways (5.7)
MEDIA_ID_SECONDS = 86400.0  # its life is not documented; a second upload is cheaper than a message that fails
FILE_TYPES = frozenset({"xlsx", "pdf", "zip", "rar", "doc", "docx"})  # sampleFile.fileType (5.3)
_MAX_REDIRECTS = 3
_MAGIC: tuple[tuple[bytes, int, str, str], ...] = (
    (b"\xff\xd8\xff", 0, "image/jpeg", ".jpg"),
    (b"\x89PNG", 0, "image/png", ".png"),
    (b"GIF8", 0, "image/gif", ".gif"),
    (b"BM", 0, "image/bmp", ".bmp"),
    (b"WEBP", 8, "image/webp", ".webp"),
    (b"#!AMR", 0, "audio/amr", ".amr"),
    (b"OggS", 0, "audio/ogg", ".ogg"),
    (b"ID3", 0, "audio/mpeg", ".mp3"),
    (b"WAVE", 8, "audio/wav", ".wav"),
    (b"ftyp", 4, "video/mp4", ".mp4"),
    (b"%PDF", 0, "application/pdf", ".pdf"),
)


class MediaClient:
    """Uploads what we send, fetches what people sent."""

    def __init__(self, api: Api, files: FileStore) -> None:
        self._api = api
        self._files = files

    async def upload(self, file: StoredFile, kind: str) -> tuple[str, bool]:
        """A media id for the file (`kind` image or file), and whether it was there already.

        Raises:
            ChannelRejected: larger than the platform takes.
        """
        if known := await self._files.uploaded(ChannelName.DINGTALK, file.sha256):
            return known, True
        if len(file.content) > MAX_BYTES:
            raise ChannelRejected(f"文件超过 20 MB，钉钉不收：{file.file_name}", code="too.large")
        answer = await self._api.old(
            "/media/upload",
            api="upload",
            params={"type": kind},
            data={"type": kind},
            files={"media": (file.file_name, file.content, file.mime or "application/octet-stream")},
            timeout=MEDIA_TIMEOUT,
        )
        if answer.problem is not None:
            raise self._api.refused(answer, idempotent=True)
        media_id = str(answer.data.get("media_id") or "")
        if not media_id:
            raise ChannelUnavailable("钉钉上传文件的应答里没有 media_id")
        await self._files.remember_upload(ChannelName.DINGTALK, file.sha256, media_id, seconds=MEDIA_ID_SECONDS)
        return media_id, False

    async def download(self, media: Media) -> Downloaded:
        """Fetch it at once: how long a download code lives is not published.

        Raises:
            ChannelRejected: code expired, too large, or an address inside somebody's network.
        """
        body = {"downloadCode": media.ref, "robotCode": self._api.settings.robot}
        answer = await self._api.new(
            "POST", "/v1.0/robot/messageFiles/download", api="download", idempotent=True, json=body
        )
        if answer.problem is not None:
            raise self._api.refused(answer, idempotent=True)
        content, declared = await self._fetch(str(answer.data.get("downloadUrl") or ""))
        mime, ending = _kind_of(content)
        mime = mime or declared
        return Downloaded(content=content, file_name=media.file_name or f"dingtalk{ending}", mime=mime)

    async def _fetch(self, address: str) -> tuple[bytes, str]:
        """Plain GET without our token; every hop is looked at before it is asked."""
        try:
            async with asyncio.timeout(MEDIA_TIMEOUT):
                for _ in range(_MAX_REDIRECTS + 1):
                    await self._check_address(address)
                    async with self._api.http.stream("GET", address, follow_redirects=False) as response:
                        if not response.is_redirect:
                            return await _read(response)
                        address = urljoin(address, response.headers.get("location", ""))
        except TimeoutError as error:
            raise ChannelUnavailable("下载钉钉文件超时") from error
        except httpx.TransportError as error:
            raise unreachable(error, idempotent=True) from None
        raise ChannelRejected("钉钉文件的下载地址跳转太多次", code="download.redirects")

    async def _check_address(self, address: str) -> None:
        try:
            parts = urlsplit(address)
            host, port = parts.hostname, parts.port
        except ValueError:
            host = port = None
            parts = urlsplit("")
        if parts.scheme not in ("http", "https") or not host:
            raise ChannelRejected("钉钉文件的下载地址不对", code="download.address")
        inside = [ip for ip in await _addresses(host, port or 80) if not ip.is_global]
        own = await _addresses(urlsplit(self._api.settings.api_base).hostname or "", 80) if inside else []
        loopback_allowed = bool(own) and all(ip.is_loopback for ip in own)  # the sandbox on this machine
        if any(not (ip.is_loopback and loopback_allowed) for ip in inside):
            raise ChannelRejected("钉钉文件的下载地址指向内网，已拒绝", code="download.private")


async def _addresses(host: str, port: int) -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    """Where the name leads. Nothing when it does not resolve here: then only a proxy can reach it."""
    try:
        return [ipaddress.ip_address(host)]
    except ValueError:
        pass
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        return []
    return [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]


async def _read(response: httpx.Response) -> tuple[bytes, str]:
    if response.status_code >= 400:
        raise (ChannelUnavailable if response.status_code >= 500 else _gone)("钉钉文件下载失败")
    content = bytearray()
    async for chunk in response.aiter_bytes():
        content += chunk
        if len(content) > MAX_BYTES:
            raise ChannelRejected("文件超过 20 MB，不再下载", code="too.large")
    return bytes(content), response.headers.get("content-type", "").partition(";")[0].strip()


def _gone(words: str) -> ChannelRejected:
    return ChannelRejected(words, code="download.gone")


def _kind_of(content: bytes) -> tuple[str, str]:
    for magic, offset, mime, ending in _MAGIC:
        if content[offset : offset + len(magic)] == magic:
            return mime, ending
    return "", ""


def sendable(file: StoredFile) -> StoredFile:
    """The file, or a ZIP around it when a robot cannot send its type (CSV, old Excel, text)."""
    if PurePath(file.file_name).suffix.lower().lstrip(".") in FILE_TYPES:
        return file
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(file.file_name, (1980, 1, 1, 0, 0, 0)), file.content)
    name = f"{PurePath(file.file_name).stem or 'file'}.zip"
    content = packed.getvalue()
    digest = hashlib.sha256(content).hexdigest()
    return replace(file, file_name=name, mime="application/zip", content=content, sha256=digest)
