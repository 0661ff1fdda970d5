"""Signatures and encryption of HTTP mode (protocols/dingtalk.md 3.1, 3.2, 5.5, 6.8; vectors in 3.3)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import struct
from collections.abc import Callable

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from bot.errors import ForgedCallback

_BLOCK = 32  # PKCS#7 over 32 bytes, not AES's 16
_RANDOM = 16


def _hmac_base64(key: str, message: str) -> str:
    return base64.b64encode(hmac.new(key.encode(), message.encode(), hashlib.sha256).digest()).decode()


def robot_sign(timestamp: str, app_secret: str) -> str:
    """`sign` of a robot callback and, with its own secret, of a custom group robot. It does not cover the body."""
    return _hmac_base64(app_secret, f"{timestamp}\n{app_secret}")


def card_sign(timestamp: str, api_secret: str) -> str:
    """`x-ddpaas-signature` of a card callback; the body is not covered either."""
    return _hmac_base64(api_secret, timestamp)


def same(expected: str, given: str) -> bool:
    """Compare in constant time; anything may stand in `given`."""
    return hmac.compare_digest(expected.encode(), given.encode(errors="replace"))


class EventCrypto:
    """Event callbacks: SHA-1 over the sorted parts, AES-256-CBC with the key's head as IV.

    `owner_key` is the Client ID for events configured in the console of an internal app (3.2, step 5). `urandom` is
    another source of random bytes, for vectors.
    """

    def __init__(
        self, token: str, aes_key: str, owner_key: str, *, urandom: Callable[[int], bytes] = os.urandom
    ) -> None:
        key = base64.b64decode(f"{aes_key}=")
        self._token = token
        self._owner = owner_key.encode()
        self._urandom = urandom
        self._cipher = Cipher(algorithms.AES(key), modes.CBC(key[:16]))

    def signature(self, timestamp: str, nonce: str, encrypt: str) -> str:
        parts = sorted([self._token, timestamp, nonce, encrypt])
        return hashlib.sha1("".join(parts).encode()).hexdigest()  # noqa: S324 - the platform's choice

    def open(self, *, signature: str, timestamp: str, nonce: str, encrypt: str) -> bytes:
        """The message of a genuine callback.

        Raises:
            ForgedCallback: wrong signature, not decryptable, or meant for another app.
        """
        if not same(self.signature(timestamp, nonce, encrypt), signature):
            raise ForgedCallback("signature")
        return self.decrypt(encrypt)

    def decrypt(self, encrypt: str) -> bytes:
        """Raises ForgedCallback; the length counts bytes, not characters."""
        try:
            sealed = base64.b64decode(encrypt, validate=True)
        except (binascii.Error, ValueError) as error:
            raise ForgedCallback("not base64") from error
        if not sealed or len(sealed) % 16:
            raise ForgedCallback("length")
        decryptor = self._cipher.decryptor()
        padded = decryptor.update(sealed) + decryptor.finalize()
        pad = padded[-1]
        if not 1 <= pad <= _BLOCK or padded[-pad:] != bytes([pad]) * pad:
            raise ForgedCallback("padding")
        whole = padded[:-pad]
        start = _RANDOM + 4
        if len(whole) < start:
            raise ForgedCallback("length")
        end = start + struct.unpack(">I", whole[_RANDOM:start])[0]
        if end > len(whole) or not hmac.compare_digest(whole[end:], self._owner):
            raise ForgedCallback("owner key")
        return whole[start:end]

    def encrypt(self, message: bytes, *, random: bytes | None = None) -> str:
        """`random` is 16 bytes, for vectors; fresh ones otherwise."""
        head = random or self._urandom(_RANDOM)
        whole = head + struct.pack(">I", len(message)) + message + self._owner
        pad = _BLOCK - len(whole) % _BLOCK
        encryptor = self._cipher.encryptor()
        return base64.b64encode(encryptor.update(whole + bytes([pad]) * pad) + encryptor.finalize()).decode()

    def success(self, *, timestamp: str, nonce: str) -> dict[str, str]:
        """The answer to every event; note the capital S in `timeStamp`."""
        sealed = self.encrypt(b"success")
        return {
            "msg_signature": self.signature(timestamp, nonce, sealed),
            "timeStamp": timestamp,
            "nonce": nonce,
            "encrypt": sealed,
        }
