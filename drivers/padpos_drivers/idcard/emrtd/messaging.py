"""Secure messaging of Doc 9303-11 §9.8, on short APDUs.

A command goes out encrypted (DO 87), with what is wanted (DO 97) and a MAC (DO 8E); an answer must
come back with its MAC over data and status. After anything else the session is dead.
"""

from typing import Final

from cryptography.hazmat.primitives.constant_time import bytes_eq

from padpos_drivers.idcard.emrtd.apdu import Command, Response, Transmit, split
from padpos_drivers.idcard.emrtd.ciphers import SessionCipher, pad, unpad
from padpos_drivers.idcard.emrtd.tlv import DataObject, encode, objects
from padpos_drivers.idcard.errors import CardUnreadable

_PROTECTED: Final = 0x0C
_ENCRYPTED, _WANTED, _STATUS, _MAC = 0x87, 0x97, 0x99, 0x8E
_PADDED: Final = b"\x01"
_ORDERS: Final = ((_ENCRYPTED, _STATUS, _MAC), (_STATUS, _MAC))
_WHERE: Final = "secure messaging"


class SecureChannel:
    """Commands protected by session keys; ``counter`` is the send sequence counter to begin at."""

    def __init__(self, transmit: Transmit, cipher: SessionCipher, counter: bytes) -> None:
        self._transmit = transmit
        self._cipher = cipher
        self._counter = counter

    def send(self, command: Command) -> Response:
        """Send one command protected, and return the answer once its MAC holds."""
        return self._open(split(self._transmit(self._protect(command))))

    def _protect(self, command: Command) -> bytes:
        self._count()
        header = bytes((command.cla | _PROTECTED,)) + command.header[1:]
        body = b""
        if command.data:
            padded = pad(command.data, self._cipher.block)
            body = encode(_ENCRYPTED, _PADDED + self._cipher.encrypt(self._counter, padded))
        if command.le is not None:
            body += encode(_WANTED, bytes((command.le & 0xFF,)))
        covered = pad(header, self._cipher.block) + body
        body += encode(_MAC, self._mac(covered if body else header))
        return header + bytes((len(body),)) + body + b"\0"

    def _open(self, answer: Response) -> Response:
        self._count()
        found = list(objects(answer.data, _WHERE))
        if tuple(item.tag for item in found) not in _ORDERS:
            raise CardUnreadable(f"{_WHERE} returned SW {answer.status:04X}")
        covered = b"".join(encode(item.tag, item.value) for item in found[:-1])
        if not bytes_eq(self._mac(covered), found[-1].value):
            raise CardUnreadable("MAC of an answer")
        status = int.from_bytes(found[-2].value, "big")
        if len(found[-2].value) != 2 or status != answer.status:
            raise CardUnreadable("status of an answer")
        return Response(self._decrypt(found[0]) if len(found) == 3 else b"", status)

    def _decrypt(self, item: DataObject) -> bytes:
        data = item.value[1:]
        if item.value[:1] != _PADDED or not data or len(data) % self._cipher.block:
            raise CardUnreadable("encrypted data of an answer")
        plain = unpad(self._cipher.decrypt(self._counter, data))
        if plain is None:
            raise CardUnreadable("padding of an answer")
        return plain

    def _mac(self, covered: bytes) -> bytes:
        return self._cipher.mac(pad(self._counter + covered, self._cipher.block))

    def _count(self) -> None:
        width = len(self._counter)
        number = (int.from_bytes(self._counter, "big") + 1) % (1 << 8 * width)
        self._counter = number.to_bytes(width, "big")
