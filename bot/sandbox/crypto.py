"""The envelope both platforms put around callbacks: SHA-1 signature, AES-256-CBC (protocols/wecom.md 1.3, 1.4)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_BLOCK = 32  # both platforms pad to 32, not to the cipher's 16


def hmac_sign(key: str, message: str) -> str:
    """Base64 of HMAC-SHA256: DingTalk's signature of robot messages and of taps (protocols/dingtalk.md 3.1, 6.8)."""
    return base64.b64encode(hmac.new(key.encode(), message.encode(), hashlib.sha256).digest()).decode()


class BadEnvelope(Exception):
    """Signature, length, padding or owner is wrong; the text says which."""


class CallbackCipher:
    """Signs and encrypts for one owner.

    Args:
        receiver: what ends the plaintext: the corpid for a WeCom app, "" for its AI bot, the Client ID for events of
            DingTalk.
    """

    def __init__(self, token: str, aes_key: str, receiver: str) -> None:
        self._token = token
        self._key = base64.b64decode(aes_key + "=")
        self._receiver = receiver.encode()

    def sign(self, timestamp: str, nonce: str, encrypted: str) -> str:
        """Lower-case hex SHA-1 over the four values in byte order."""
        joined = "".join(sorted((self._token, timestamp, nonce, encrypted)))
        return hashlib.sha1(joined.encode(), usedforsecurity=False).hexdigest()

    def encrypt(self, plain: str, *, random: bytes | None = None) -> str:
        """Base64 of 16 random bytes, length, text and receiver; `random` is fixed by test vectors only."""
        message = plain.encode()
        body = (random or os.urandom(16)) + len(message).to_bytes(4, "big") + message + self._receiver
        pad = _BLOCK - len(body) % _BLOCK
        encryptor = self._cipher().encryptor()
        return base64.b64encode(encryptor.update(body + bytes([pad]) * pad) + encryptor.finalize()).decode()

    def decrypt(self, encrypted: str) -> str:
        """The text inside.

        Raises:
            BadEnvelope: not base64, not whole blocks, bad padding, bad length, or another owner.
        """
        try:
            raw = base64.b64decode(encrypted, validate=True)
        except (binascii.Error, ValueError) as error:
            raise BadEnvelope("not base64") from error
        if not raw or len(raw) % 16:
            raise BadEnvelope("not whole blocks")
        decryptor = self._cipher().decryptor()
        padded = decryptor.update(raw) + decryptor.finalize()
        pad = padded[-1]
        if not 1 <= pad <= _BLOCK or pad > len(padded):
            raise BadEnvelope("bad padding")
        body = padded[:-pad]
        length = int.from_bytes(body[16:20], "big")
        if len(body) < 20 or 20 + length > len(body):
            raise BadEnvelope("bad length")
        if body[20 + length :] != self._receiver:
            raise BadEnvelope("another owner")
        try:
            return body[20 : 20 + length].decode()
        except UnicodeDecodeError as error:
            raise BadEnvelope("not UTF-8") from error

    def open(self, signature: str, timestamp: str, nonce: str, encrypted: str) -> str:
        """Check the signature, then decrypt.

        Raises:
            BadEnvelope: see `decrypt`; also when the signature differs.
        """
        if not hmac.compare_digest(signature.encode(), self.sign(timestamp, nonce, encrypted).encode()):
            raise BadEnvelope("bad signature")
        return self.decrypt(encrypted)

    def _cipher(self) -> Cipher[modes.CBC]:
        return Cipher(algorithms.AES(self._key), modes.CBC(self._key[:16]))
