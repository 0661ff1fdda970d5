"""Speech to text through Baidu: formats by their bytes, its errors sorted, its token shared and renewed once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import httpx
import pytest

from bot.connectors.baidu import BaiduSpeech
from bot.connectors.speech import AudioFormat, sniff
from bot.errors import ConnectorRefused, ConnectorUnavailable
from bot.settings import SpeechSettings
from tests.connectors.fake_baidu import FakeBaidu

AMR = b"#!AMR\n" + bytes(64)


class OneToken:
    """The TokenStore's promise in one process."""

    def __init__(self) -> None:
        self.token = ""

    async def get(self, key: str, fetch: Callable[[], Awaitable[tuple[str, float]]]) -> str:
        if not self.token:
            self.token, seconds = await fetch()
            assert seconds == 2592000
        return self.token

    async def drop(self, key: str, token: str) -> bool:
        self.token = ""
        return True


def _speech(server: FakeBaidu, *, secret: str = "secret", tokens: OneToken | None = None) -> BaiduSpeech:
    settings = SpeechSettings(
        provider="baidu",
        api_key="key",
        secret_key=secret,
        token_url="http://baidu.test/oauth/2.0/token",
        api_url="http://baidu.test/server_api",
    )
    http = httpx.AsyncClient(transport=httpx.ASGITransport(server))
    return BaiduSpeech(settings, http, tokens or OneToken(), pauses=(0.0, 0.0))


async def test_a_wecom_note_is_sent_as_amr_at_8000_with_its_raw_length() -> None:
    server = FakeBaidu("刚去了绿源滨江")
    assert await _speech(server).transcribe(AMR, file_format="amr") == "刚去了绿源滨江"
    (request,) = server.requests
    assert (request["format"], request["rate"], request["len"], request["dev_pid"]) == ("amr", 8000, len(AMR), 1537)
    assert len(request["cuid"]) <= 60


async def test_the_token_is_fetched_once() -> None:
    server = FakeBaidu("一", "二")
    speech = _speech(server)
    await speech.transcribe(AMR)
    await speech.transcribe(AMR)
    assert server.tokens_given == 1


async def test_a_refused_token_is_renewed_once() -> None:
    server, tokens = FakeBaidu("一"), OneToken()
    tokens.token = "an old one"
    assert await _speech(server, tokens=tokens).transcribe(AMR) == "一"
    assert server.tokens_given == 1


async def test_a_token_that_stays_refused_is_not_renewed_for_ever() -> None:
    server = FakeBaidu(3302, 3302, 3302)
    with pytest.raises(ConnectorRefused, match="3302"):
        await _speech(server).transcribe(AMR)
    assert server.tokens_given == 2


@pytest.mark.parametrize("busy", [3303, 3304, 3307, 3313])
async def test_what_passes_is_tried_again(busy: int) -> None:
    assert await _speech(FakeBaidu(busy, busy, "听到了")).transcribe(AMR) == "听到了"


async def test_busy_for_too_long_is_left_to_later() -> None:
    with pytest.raises(ConnectorUnavailable):
        await _speech(FakeBaidu(3303, 3303, 3303)).transcribe(AMR)


@pytest.mark.parametrize("final", [3300, 3301, 3305, 3308, 3314, 3316])
async def test_what_will_never_work_is_said_so_at_once(final: int) -> None:
    server = FakeBaidu(final)
    with pytest.raises(ConnectorRefused) as refused:
        await _speech(server).transcribe(AMR)
    assert refused.value.code == str(final)
    assert len(server.requests) == 1


async def test_silence_is_not_a_sentence() -> None:
    with pytest.raises(ConnectorRefused, match="nothing"):
        await _speech(FakeBaidu("")).transcribe(AMR)


async def test_wrong_keys_never_show_in_the_error() -> None:
    with pytest.raises(ConnectorRefused) as refused:
        await _speech(FakeBaidu(), secret="very-secret").transcribe(AMR)
    assert "very-secret" not in str(refused.value)


async def test_an_unreachable_server_is_unavailable_without_its_address() -> None:
    settings = SpeechSettings(provider="baidu", api_key="k", secret_key="very-secret", token_url="http://127.0.0.1:9")
    async with httpx.AsyncClient() as http:
        with pytest.raises(ConnectorUnavailable) as failed:
            await BaiduSpeech(settings, http, OneToken()).transcribe(AMR)
    assert "very-secret" not in str(failed.value)


@pytest.mark.parametrize(
    ("content", "said", "found"),
    [
        pytest.param(AMR, "", AudioFormat("amr", 8000), id="WeCom's narrow band"),
        pytest.param(b"#!AMR-WB\n" + bytes(9), "amr", AudioFormat("amr", 16000), id="wide band"),
        pytest.param(AMR, "mp3", AudioFormat("amr", 8000), id="the bytes win over the name"),
        pytest.param(b"\x02#!SILK_V3" + bytes(9), "amr", AudioFormat("silk", 24000), id="WeChat's own is not amr"),
        pytest.param(b"RIFF\0\0\0\0WAVEfmt " + bytes(8) + (8000).to_bytes(4, "little"), "", AudioFormat("wav", 8000),
                     id="wav tells its rate"),
        pytest.param(b"\0\0\0\x20ftypM4A " + bytes(9), "", AudioFormat("m4a", 16000), id="m4a"),
        pytest.param(b"OggS" + bytes(9), "", AudioFormat("ogg", 16000), id="ogg"),
        pytest.param(b"\xff\xfb\x90" + bytes(9), "", AudioFormat("mp3", 16000), id="mp3 without tag"),
        pytest.param(b"?" * 20, "audio/amr", AudioFormat("amr", 8000), id="the name, when the bytes do not tell"),
    ],
)  # fmt: skip
def test_what_the_bytes_are(content: bytes, said: str, found: AudioFormat) -> None:
    assert sniff(content, said=said) == found


async def test_silk_and_unknown_bytes_are_refused_before_asking() -> None:
    server = FakeBaidu()
    for content in (b"#!SILK_V3" + bytes(9), b"?" * 20, b""):
        with pytest.raises(ConnectorRefused):
            await _speech(server).transcribe(content)
    assert server.requests == []
