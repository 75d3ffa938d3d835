"""The chip's end of secure messaging: opens protected commands, protects answers."""

from padpos_drivers.idcard.sim.emrtd import crypto
from padpos_drivers.idcard.sim.emrtd.der import parse, tlv


class Refused(Exception):
    """The chip answers with this status word and nothing else."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(f"{status:04X}")


class Session:
    """One session's keys and its send sequence counter."""

    def __init__(self, cipher: str, encryption: bytes, authentication: bytes, ssc: bytes) -> None:
        self._cipher = cipher
        self._encryption = encryption
        self._authentication = authentication
        self._ssc = int.from_bytes(ssc, "big")

    @classmethod
    def of_secret(cls, cipher: str, secret: bytes, ssc: bytes) -> "Session":
        """Begin a session whose keys follow from a shared secret."""
        return cls(cipher, crypto.kdf(cipher, secret, 1), crypto.kdf(cipher, secret, 2), ssc)

    def open(self, apdu: bytes) -> bytes:
        """Return the plain command inside a protected one; raises :class:`Refused`."""
        try:
            return self._open(apdu)
        except (ValueError, IndexError, KeyError):
            raise Refused(0x6987) from None

    def close(self, data: bytes, status: bytes, *, wrong_mac: bool = False) -> bytes:
        """Return the protected answer with its status; the MAC can be spoilt."""
        self._ssc += 1
        body = b""
        if data:
            body = tlv(0x87, b"\x01", self._crypt(crypto.fill(self._cipher, data), encrypt=True))
        body += tlv(0x99, status)
        authentic = self._mac(body)
        if wrong_mac:
            authentic = bytes([authentic[0] ^ 1]) + authentic[1:]
        return body + tlv(0x8E, authentic) + status

    def _open(self, apdu: bytes) -> bytes:
        self._ssc += 1
        header, body = apdu[:4], apdu[5:-1]
        if len(body) != apdu[4] or apdu[-1] != 0:
            raise ValueError("lengths")
        objects = parse(body)
        covered = body[: -len(tlv(0x8E, objects[0x8E]))]
        filled = crypto.fill(self._cipher, header)
        if self._mac((filled if covered else header) + covered) != objects[0x8E]:
            raise Refused(0x6988)
        data = b""
        if 0x87 in objects:
            data = crypto.cut(self._crypt(objects[0x87][1:], encrypt=False))
        plain = bytes([header[0] & 0xF3]) + header[1:]
        return plain + (bytes([len(data)]) + data if data else b"") + objects.get(0x97, b"")

    def _crypt(self, data: bytes, *, encrypt: bool) -> bytes:
        vector = crypto.vector(self._cipher, self._encryption, self._counter())
        return crypto.cbc(self._cipher, self._encryption, vector, data, encrypt=encrypt)

    def _mac(self, data: bytes) -> bytes:
        filled = crypto.fill(self._cipher, self._counter() + data)
        return crypto.mac(self._cipher, self._authentication, filled)

    def _counter(self) -> bytes:
        return self._ssc.to_bytes(crypto.block_bytes(self._cipher), "big")
