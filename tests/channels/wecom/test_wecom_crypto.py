"""The published vectors of protocols/wecom.md 1.8, in both directions, and what must be refused."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st
from wechatpy.enterprise.crypto import WeChatCrypto

from bot.channels.wecom.crypto import KeySet
from bot.errors import ForgedCallback
from tests.channels.wecom.wecom_vectors import CORP, KEY, SALT, TOKEN, V1, V1_XML, V2, V3, V4, V4_JSON, V5, V5_KEYS

OURS = (TOKEN, KEY, CORP)
VECTORS = [
    pytest.param(
        OURS, "1700000000", "1597531486", V1, "d91c9ad8bebf4ae106ee1a7a4adbecb36386dd42", V1_XML, id="V1 message"
    ),
    pytest.param(
        OURS, "1700000001", "263014780", V2, "0da8c55030d44cdc7518b35906da4d0991b832b9", "7301234567890123456", id="V2"
    ),
    pytest.param(
        OURS, "1700000002", "1", V3, "f22be18aafbe6c005e7970d52fce1f5ae79a5957", "A" * 26, id="V3 a whole block of pad"
    ),
    pytest.param(
        (TOKEN, KEY, ""),
        "1700000003",
        "n4",
        V4,
        "e4984004da1920773284d4f94f669f725505f72e",
        V4_JSON,
        id="V4 no receiver",
    ),
]
V5_CASE = pytest.param(
    V5_KEYS,
    "1409659589",
    "263014780",
    V5,
    "5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3",
    "1616140317555161061",
    id="V5 the vendor's example",
)


@pytest.mark.parametrize(("keys", "timestamp", "nonce", "encrypted", "signature", "plain"), [*VECTORS, V5_CASE])
def test_vectors_open(
    keys: tuple[str, str, str], timestamp: str, nonce: str, encrypted: str, signature: str, plain: str
) -> None:
    key_set = KeySet(*keys)
    assert key_set.signature(timestamp, nonce, encrypted) == signature
    assert key_set.signed(signature, timestamp, nonce, encrypted)
    assert key_set.open(encrypted).decode() == plain


@pytest.mark.parametrize(("keys", "timestamp", "nonce", "encrypted", "signature", "plain"), VECTORS)
def test_vectors_seal(
    keys: tuple[str, str, str], timestamp: str, nonce: str, encrypted: str, signature: str, plain: str
) -> None:
    assert KeySet(*keys).seal(plain.encode(), salt=SALT) == encrypted


@given(st.binary(max_size=200))
def test_whatever_is_sealed_opens(message: bytes) -> None:
    keys = KeySet(*OURS)
    assert keys.open(keys.seal(message)) == message


@given(st.text(min_size=1, max_size=60).filter(lambda text: text.isprintable()))
def test_an_independent_library_reads_what_we_seal(text: str) -> None:
    keys = KeySet(*OURS)
    encrypted = keys.seal(text.encode())
    signature = keys.signature("1700000000", "n", encrypted)
    assert WeChatCrypto(TOKEN, KEY, CORP).check_signature(signature, "1700000000", "n", encrypted) == text


def _raw(plain: bytes) -> str:
    key = base64.b64decode(KEY + "=")
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return base64.b64encode(encryptor.update(plain) + encryptor.finalize()).decode()


def _plain(message: bytes = b"hi", *, pad: int | None = None, length: int | None = None) -> bytes:
    body = SALT + (len(message) if length is None else length).to_bytes(4, "big") + message + CORP.encode()
    amount = 32 - len(body) % 32
    return body + bytes([amount if pad is None else pad]) * amount


@pytest.mark.parametrize(
    ("encrypted", "reason"),
    [
        pytest.param(V1[:-4], "blocks", id="one base64 group short"),
        pytest.param(
            base64.b64encode(base64.b64decode(V1)[:-16]).decode(), "padding|length|receiver", id="one block short"
        ),
        pytest.param(_raw(_plain(pad=0)), "padding", id="pad 0"),
        pytest.param(_raw(_plain(b"x" * 25, pad=33)), "padding", id="pad 33"),
        pytest.param(_raw(_plain()[:-2] + b"\x07\x18"), "padding", id="pad bytes differ"),
        pytest.param(_raw(_plain(length=10_000)), "length", id="length beyond the buffer"),
        pytest.param(_raw(_plain(length=2**32 - 1)), "length", id="length of 4 GB"),
        pytest.param(_raw(_plain(length=1)), "receiver", id="length too small"),
        pytest.param(_raw(b"\x20" * 32), "padding", id="nothing but pad"),
        pytest.param("", "blocks", id="empty"),
        pytest.param("QUJD", "blocks", id="three bytes"),
        pytest.param("查" * 8, "base64", id="not ASCII"),
        pytest.param(V1.replace("+", " "), "base64", id="plus became a blank"),
    ],
)
def test_refused(encrypted: str, reason: str) -> None:
    with pytest.raises(ForgedCallback, match=reason):
        KeySet(*OURS).open(encrypted)


def test_another_corp_is_refused() -> None:
    with pytest.raises(ForgedCallback, match="receiver"):
        KeySet(TOKEN, KEY, "ww0000000000000000").open(V1)


def test_an_empty_token_signs_nothing() -> None:
    with pytest.raises(ValueError, match="Token"):
        KeySet("", KEY, CORP)
