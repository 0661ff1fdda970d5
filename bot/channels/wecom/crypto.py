"""Signature and encryption of callbacks (protocols/wecom.md 1.3, 1.4). Pure but for the 16 random bytes of `seal`."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from bot.errors import ForgedCallback

BLOCK = 32  # PKCS#7 block of this protocol; AES's own is 16
_AES_BLOCK = 16
_HEAD = 16 + 4  # random bytes, then the length of the message


class KeySet:
    """One Token with its EncodingAESKey. The cipher is built once and reused: half the price per callback.

    Args:
        receive_id: what must stand behind the message: the corp id for a self-built app.
    """

    def __init__(self, token: str, encoding_aes_key: str, receive_id: str) -> None:
        # The 43rd character carries bits that are thrown away; Python's decoder does not mind, strict ones do.
        key = base64.b64decode(encoding_aes_key + "=")
        if len(key) != 32:
            raise ValueError("EncodingAESKey must be 43 letters and digits")
        if not token:
            raise ValueError("Token must not be empty: anybody could sign")
        self._token = token.encode()
        self._receive_id = receive_id.encode()
        self._cipher = Cipher(algorithms.AES(key), modes.CBC(key[:_AES_BLOCK]))

    def signature(self, timestamp: str, nonce: str, encrypted: str) -> str:
        """Lower-case hex SHA-1 of the four values, sorted by bytes."""
        values = sorted((self._token, timestamp.encode(), nonce.encode(), encrypted.encode()))
        return hashlib.sha1(b"".join(values), usedforsecurity=False).hexdigest()

    def signed(self, signature: str, timestamp: str, nonce: str, encrypted: str) -> bool:
        """Whether the signature is ours, compared in constant time."""
        return hmac.compare_digest(self.signature(timestamp, nonce, encrypted).encode(), signature.encode())

    def open(self, encrypted: str) -> bytes:
        """The message inside. Call only after `signed`.

        Raises:
            ForgedCallback: not base64, not whole blocks, padding, length or receiver wrong.
        """
        try:
            data = base64.b64decode(encrypted, validate=True)
        except (binascii.Error, ValueError) as error:
            raise ForgedCallback("not base64") from error
        if not data or len(data) % _AES_BLOCK:
            raise ForgedCallback("not whole blocks")
        decryptor = self._cipher.decryptor()
        plain = decryptor.update(data) + decryptor.finalize()
        pad = plain[-1]
        if not 1 <= pad <= BLOCK or pad > len(plain) - _HEAD or plain[-pad:] != bytes([pad]) * pad:
            raise ForgedCallback("bad padding")
        end = _HEAD + int.from_bytes(plain[16:_HEAD], "big")
        if end > len(plain) - pad:
            raise ForgedCallback("length beyond the buffer")
        if plain[end:-pad] != self._receive_id:
            raise ForgedCallback("meant for another receiver")
        return plain[_HEAD:end]

    def seal(self, message: bytes, *, salt: bytes | None = None) -> str:
        """Encrypt as the platform does. `salt` is the 16 random bytes, given only by tests."""
        plain = (salt or os.urandom(16)) + len(message).to_bytes(4, "big") + message + self._receive_id
        pad = BLOCK - len(plain) % BLOCK
        encryptor = self._cipher.encryptor()
        data = encryptor.update(plain + bytes([pad]) * pad) + encryptor.finalize()
        return base64.b64encode(data).decode()
