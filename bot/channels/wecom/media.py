"""Files both ways (protocols/wecom.md 5): multipart as the platform wants it, downloads that end."""

from __future__ import annotations

import hashlib
import re
import secrets
from email.message import Message
from pathlib import PurePosixPath

import httpx
import orjson

from bot.channels.base import Downloaded, FileStore, StoredFile
from bot.channels.wecom import codes
from bot.channels.wecom.api import WeComApi
from bot.errors import ChannelRejected, ChannelUnavailable
from bot.messages import ChannelName

MEBI = 1024 * 1024
IMAGE_BYTES = 5 * MEBI  # 10 MB by one page, 5 by the error list: the smaller holds
FILE_BYTES = 20 * MEBI
SMALLEST_BYTES = 6  # "more than 5 bytes"
REUSE_SECONDS = 70 * 3600.0  # a media_id lives 3 days
DOWNLOAD_TIMEOUT = httpx.Timeout(30, connect=5)
_IMAGE_STARTS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")
_ERROR_BYTES = 4096  # an error answer is a small JSON object, whatever its Content-Type says
_NOT_IN_FILENAME = re.compile(r'["\\/\x00-\x1f\x7f]')
_RAW_FILENAME = re.compile(r'filename="([^"]*)"', re.IGNORECASE)


class WeComMedia:
    """Uploads once per content, name and type; downloads with a cap."""

    def __init__(self, api: WeComApi, files: FileStore) -> None:
        self._api = api
        self._files = files

    async def media_id(self, stored: StoredFile, kind: str) -> str:
        """A media_id good for sending, from an earlier upload where there is one.

        Args:
            kind: "image" or "file".

        Raises:
            ChannelRejected: too small or too big for the platform.
        """
        key = upload_key(stored, kind)
        if known := await self._files.uploaded(ChannelName.WECOM, key):
            return known
        _check_size(stored, kind)
        body, content_type = multipart(stored.file_name, stored.mime, stored.content)
        answer = await self._api.upload("media/upload", body, content_type, type=kind)
        media_id = str(answer.get("media_id", ""))
        if not media_id:
            raise ChannelUnavailable("企业微信 media/upload 没有返回 media_id")
        await self._files.remember_upload(ChannelName.WECOM, key, media_id, seconds=REUSE_SECONDS)
        return media_id

    async def forget(self, stored: StoredFile, kind: str) -> None:
        """The platform no longer knows the media_id (40007)."""
        await self._files.forget_upload(ChannelName.WECOM, upload_key(stored, kind))

    async def download(self, media_id: str, *, limit: int = FILE_BYTES) -> Downloaded:
        """A file a member sent; lives 3 days with the platform.

        Raises:
            ChannelRejected: gone (40007), or over `limit` bytes (code "too_big").
        """
        token = await self._api.token()
        for last in (False, True):
            answer = await self._fetch(media_id, token, limit)
            if isinstance(answer, Downloaded):
                return answer
            code = answer["errcode"]
            fresh = await self._api.token_after(token) if code in codes.TOKEN_REFUSED and not last else None
            if fresh is None:
                raise await self._api.failed("media/get", answer)
            token = fresh
        raise AssertionError("unreachable")

    async def _fetch(self, media_id: str, token: str, limit: int) -> Downloaded | dict[str, object]:
        params = {"access_token": token, "media_id": media_id}
        try:
            async with self._api.http.stream(
                "GET", self._api.url("media/get"), params=params, timeout=DOWNLOAD_TIMEOUT, follow_redirects=True
            ) as response:
                if response.status_code >= 400:
                    raise ChannelUnavailable(f"企业微信 media/get 繁忙（HTTP {response.status_code}）")
                content = await _read(response, limit)
        except httpx.HTTPError as error:
            raise ChannelUnavailable(f"企业微信 media/get 没有答复：{type(error).__name__}") from error
        if (failure := _failure(content)) is not None:
            return failure
        mime = response.headers.get("content-type", "").partition(";")[0].strip()
        return Downloaded(
            content=content, file_name=file_name_of(response.headers.get("content-disposition", "")), mime=mime
        )


async def _read(response: httpx.Response, limit: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in response.aiter_bytes():
        parts.append(part)
        size += len(part)
        if size > limit:
            raise ChannelRejected(f"文件超过 {limit // MEBI} MB，没有下载", code="too_big")
    return b"".join(parts)


def _failure(content: bytes) -> dict[str, object] | None:
    """The error in an answer with HTTP 200, told from a JSON file that a person sent by its `errcode`."""
    if len(content) > _ERROR_BYTES or not content.lstrip().startswith(b"{"):
        return None
    try:
        answer = orjson.loads(content)
    except orjson.JSONDecodeError:
        return None
    failed = isinstance(answer, dict) and isinstance(answer.get("errcode"), int) and answer["errcode"] != 0
    return answer if failed else None


def upload_key(stored: StoredFile, kind: str) -> str:
    """What an upload is remembered by: people see the name it was uploaded with, so the name belongs to it."""
    return hashlib.sha256(f"{stored.sha256}\n{kind}\n{stored.file_name}".encode()).hexdigest()


def kind_of_picture(stored: StoredFile) -> str:
    """ "image", or "file" for what the platform would not show as a picture."""
    shown = stored.content.startswith(_IMAGE_STARTS) and len(stored.content) <= IMAGE_BYTES
    return "image" if shown else "file"


def _check_size(stored: StoredFile, kind: str) -> None:
    limit = IMAGE_BYTES if kind == "image" else FILE_BYTES
    size = len(stored.content)
    if size < SMALLEST_BYTES:
        raise ChannelRejected(f"文件「{stored.file_name}」是空的，企业微信不收", code="too_small")
    if size > limit:
        raise ChannelRejected(f"文件「{stored.file_name}」超过 {limit // MEBI} MB，企业微信不收", code="too_big")


def multipart(file_name: str, mime: str, content: bytes) -> tuple[bytes, str]:
    """(body, Content-Type) with the name as raw UTF-8 and `filelength`.

    Written out here because the server ignores `filename*=` and refuses a part without a name (44001).
    """
    boundary = secrets.token_hex(16)
    name = _NOT_IN_FILENAME.sub("_", file_name).strip() or "file"
    head = (
        f"--{boundary}\r\n"
        f'Content-Disposition: form-data; name="media"; filename="{name}"; filelength={len(content)}\r\n'
        f"Content-Type: {mime or 'application/octet-stream'}\r\n\r\n"
    )
    return (
        head.encode("utf-8", "replace") + content + f"\r\n--{boundary}--\r\n".encode(),
        f"multipart/form-data; boundary={boundary}",
    )


def file_name_of(disposition: str) -> str:
    """The name in a Content-Disposition, without any path; "" when there is none."""
    if raw := _RAW_FILENAME.search(disposition):
        name = raw.group(1)
    else:
        header = Message()
        header["content-disposition"] = disposition
        name = header.get_filename() or ""
    return _NOT_IN_FILENAME.sub("_", PurePosixPath(name.replace("\\", "/")).name)
