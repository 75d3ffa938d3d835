"""What the terminal seals, and to which keys. It holds none that opens any of it (rule 1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from padpos.terminal.config import TerminalConfig
from padpos.terminal.standing import Standing
from padpos.wire import envelope, label_code
from padpos.wire.envelope import JPEG_TYPE, Binding
from padpos.wire.errors import SealingRefused, TooLarge
from padpos.wire.facts import Kind
from padpos.wire.keys import PublicKey
from padpos.wire.keyset import Use
from padpos.wire.label_code import LabelPlain
from padpos.wire.personal import Party, SealedCarrier, SealedConsignment


class PhotoTooLarge(TooLarge):
    """A photograph whose Envelope no reader would take."""

    code = "photo-too-large"


class Sealer:
    """Seals to the key set in force. Every method raises SealingRefused where there is no key."""

    def __init__(self, config: TerminalConfig, standing: Standing, now: Callable[[], int]) -> None:
        self._config = config
        self._standing = standing
        self._now = now

    def photo(self, consignment: bytes, jpeg: bytes) -> bytes:
        """The Envelope of a photograph. Raises PhotoTooLarge."""
        binding = Binding(self._config.terminal, "photo", consignment)
        sealed = envelope.seal(jpeg, binding, self._upload_keys(), JPEG_TYPE)
        if len(sealed) > envelope.ATTACHMENT_LIMIT:
            raise PhotoTooLarge("a photograph larger than an attachment may be")
        return sealed

    def consignment(self, consignment: bytes, plain: SealedConsignment) -> bytes:
        """The Envelope for the authority."""
        binding = Binding(self._config.terminal, str(Kind.CONSIGNMENT), consignment)
        return envelope.seal(plain.padded(), binding, self._upload_keys())

    def carrier(self, consignment: bytes, plain: SealedCarrier) -> bytes:
        """The Envelope for the carrier."""
        binding = Binding(self._config.terminal, "carrier", consignment)
        return envelope.seal(plain.padded(), binding, self._keys(Use.CARRIER))

    def codes(self, recipient: Party, waybill: str) -> tuple[bytes, ...]:
        """The label codes of generations 1 to 3. Raises TooLarge."""
        key = self._label_key()
        return tuple(
            label_code.seal(
                LabelPlain(waybill, generation, recipient.name, recipient.phone, recipient.address),
                key,
            )
            for generation in label_code.GENERATIONS
        )

    def in_use(self) -> tuple[tuple[Use, bytes], ...]:
        """The keys, by use and id, to which a consignment would be sealed now."""
        uploads = [(Use.UPLOAD, key.id) for key in self._keys(Use.UPLOAD)]
        escrow = [(Use.ESCROW, key.id) for key in self._escrow()]
        carriers = [(Use.CARRIER, key.id) for key in self._keys(Use.CARRIER)]
        return (*uploads, *escrow, *carriers, (Use.LABEL, self._label_key().id))

    def still_hold(self, keys: Iterable[tuple[str, bytes]]) -> bool:
        """Whether each of these keys stands, for its use, in the set in force and in its time."""
        held = self._standing.keys
        if held is None or not held.not_before <= self._now() < held.not_after:
            return False
        stand = {(str(use), key.id) for use, key in held.keys}
        return all(key in stand for key in keys)

    def _label_key(self) -> PublicKey:
        return self._keys(Use.LABEL)[0]

    def _upload_keys(self) -> tuple[PublicKey, ...]:
        """The authority's keys, and its escrow reader's where the key set has one."""
        return self._keys(Use.UPLOAD) + self._escrow()

    def _escrow(self) -> tuple[PublicKey, ...]:
        held = self._standing.keys
        return self._keys(Use.ESCROW) if held is not None and held.of(Use.ESCROW) else ()

    def _keys(self, use: Use) -> tuple[PublicKey, ...]:
        if self._standing.keys is None:
            raise SealingRefused("no key set yet")
        return self._standing.keys.to_seal(use, self._now(), self._config.least_suite)
