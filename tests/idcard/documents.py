"""Documents to read: invented holders, states made for the test, chips in memory."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from padpos_drivers.idcard.emrtd.anchors import Anchors
from padpos_drivers.idcard.emrtd.protocol import EmrtdProtocol
from padpos_drivers.idcard.interface import Access
from padpos_drivers.idcard.protocol import Finding
from padpos_drivers.idcard.sim.emrtd import issuer, lds
from padpos_drivers.idcard.sim.emrtd.access import PaceProfile, Secrets
from padpos_drivers.idcard.sim.emrtd.chip import Chip, Profile
from padpos_drivers.idcard.sim.emrtd.travellers import TRAVELLERS, Traveller

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
YEAR = timedelta(days=365)
CHINA = issuer.State("CN", now=NOW)
UTOPIA = issuer.State("UT", now=NOW)


@dataclass(frozen=True, kw_only=True)
class Document:
    """One document as issued; ``changed`` are files altered after signing, None takes one away."""

    holder: Traveller = TRAVELLERS["护照"]
    signer: issuer.Signer | None = None
    signed: datetime = NOW
    changed: Mapping[int, bytes | None] = field(default_factory=dict)

    def files(self) -> dict[int, bytes]:
        made = lds.files(self.holder)
        state = CHINA if self.holder.issuer == "CHN" else UTOPIA
        signer = self.signer or state.signer()
        made[lds.SOD] = issuer.security_object(made, signer, self.signed)
        altered = {**made, **self.changed}
        return {name: content for name, content in altered.items() if content is not None}

    def profile(self, **options: Any) -> Profile:
        holder = self.holder
        known = Secrets(lds.mrz_information(holder), holder.can.encode())
        return replace(Profile(self.files(), known), **options)

    @property
    def access(self) -> Access:
        """What stands on the document."""
        return Access(mrz="\n".join(lds.printed(self.holder)))


def protocol(*states: issuer.State, now: datetime = NOW) -> EmrtdProtocol:
    """The driver, trusting the roots of some states."""
    return EmrtdProtocol(Anchors(state.root for state in states), lambda: now)


def read(document: Document, access: Access | None = None, **options: Any) -> Finding:
    """Read a document in memory, trusting both states."""
    chip = Chip(document.profile(**options))
    return protocol(CHINA, UTOPIA).read(chip.answer, access or document.access)


BAC_ONLY: dict[str, Any] = {"pace": None}
PACE_ONLY: dict[str, Any] = {"bac": False}
PACE_VARIANTS = [
    PaceProfile(cipher, curve)
    for cipher in ("3DES", "AES-128", "AES-192", "AES-256")
    for curve in (12, 13)
]
