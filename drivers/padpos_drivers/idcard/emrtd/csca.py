"""Reading the operator's CSCA certificates: a folder of them, or an ICAO master list.

A master list is a signed object (Doc 9303-12 §9): its own signature is checked as a guard against
damage; that it may be trusted is the operator's word, who put it there.
"""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat import asn1
from cryptography.x509 import ObjectIdentifier

from padpos_drivers.idcard.emrtd.anchors import Anchors
from padpos_drivers.idcard.emrtd.certificates import read_der, read_pem
from padpos_drivers.idcard.emrtd.cms import Malformed, decode, parts, raw, read_signed
from padpos_drivers.idcard.emrtd.errors import DocumentForged
from padpos_drivers.idcard.emrtd.passive import signer_of

_log = logging.getLogger(__name__)

_MASTER_LIST: Final = ObjectIdentifier("2.23.136.1.1.2")
_MOST_BYTES: Final = 16 << 20
_MOST_FILES: Final = 2000
_PEM: Final = b"-----BEGIN CERTIFICATE"


class CscaUnreadable(Exception):
    """The operator's certificates cannot be used; the message names the file and why."""


@asn1.sequence
class _MasterList:
    version: int
    certificates: asn1.TLV


def load(path: Path) -> Anchors:
    """Return the certificates in a file, or in all files of a folder.

    What cannot be read in a list or folder is left out, and told in the log. Raises
    :class:`CscaUnreadable` for a file that is not there or of no known kind, and where nothing
    usable is found.
    """
    found = _folder(path) if path.is_dir() else _file(path)
    anchors = Anchors(one for one in found if one is not None)
    _log.info("%d CSCA certificates, %d left out", len(anchors), len(found) - len(anchors))
    if not len(anchors):
        raise CscaUnreadable(f"{path}: no CSCA certificate in it")
    return anchors


def _folder(path: Path) -> list[x509.Certificate | None]:
    found: list[x509.Certificate | None] = []
    for file in sorted(path.iterdir())[:_MOST_FILES]:
        try:
            found += _file(file)
        except CscaUnreadable as error:
            _log.warning("left out: %s", error)
            found.append(None)
    return found


def _file(path: Path) -> list[x509.Certificate | None]:
    try:
        with path.open("rb") as stream:
            content = stream.read(_MOST_BYTES + 1)
    except OSError as error:
        raise CscaUnreadable(f"{path}: {error.strerror}") from None
    if len(content) > _MOST_BYTES:
        raise CscaUnreadable(f"{path}: too large")
    try:
        return list(certificates(content))
    except Malformed:
        raise CscaUnreadable(f"{path}: neither certificates nor a whole master list") from None
    except DocumentForged:
        raise CscaUnreadable(f"{path}: altered, or damaged") from None


def certificates(content: bytes) -> Iterator[x509.Certificate | None]:
    """Yield the certificates in PEM, DER, or a master list; None for one that cannot be read.

    Raises :class:`Malformed` and :class:`DocumentForged`.
    """
    if _PEM in content:
        yield from (_or_none(read_pem, _PEM + block) for block in content.split(_PEM)[1:])
        return
    alone = _or_none(read_der, content)
    if alone is not None:
        yield alone
        return
    yield from (_or_none(read_der, der) for der in _listed(content))


def _listed(content: bytes) -> list[bytes]:
    """Return the certificates of a master list whose signature holds."""
    signed = read_signed(content)
    if signed.kind != _MASTER_LIST:
        raise Malformed("master list")
    signer_of(signed)
    return [raw(one) for one in parts(raw(decode(_MasterList, signed.content).certificates))]


def _or_none(read: Callable[[bytes], x509.Certificate], data: bytes) -> x509.Certificate | None:
    try:
        return read(data)
    except Malformed:
        return None
