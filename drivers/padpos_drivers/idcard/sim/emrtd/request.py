"""A chip's profile as JSON, as it is told to the virtual card's control socket."""

from collections.abc import Mapping

from padpos_drivers.idcard.sim.emrtd.access import PaceProfile, Secrets
from padpos_drivers.idcard.sim.emrtd.chip import Profile
from padpos_drivers.idcard.sim.emrtd.crypto import KEY_BYTES
from padpos_drivers.idcard.sim.emrtd.points import GROUPS

Json = dict[str, object]


def request_of(profile: Profile) -> Json:
    """Return a profile as JSON: files and keys in hexadecimal."""
    pace = profile.pace
    return {
        "files": {f"{name:04X}": content.hex() for name, content in profile.files.items()},
        "mrz": profile.known.mrz.hex(),
        "can": profile.known.can.decode(),
        "bac": profile.bac,
        "pace": None if pace is None else [pace.cipher, pace.curve],
        "wrong_mac_after": profile.wrong_mac_after,
    }


def profile_of(request: object) -> Profile:
    """Return the profile that JSON states; raises ValueError for anything else."""
    if not isinstance(request, Mapping) or not isinstance(request.get("files"), Mapping):
        raise ValueError("emrtd is an object with files")
    files = {int(str(name), 16): _bytes(content) for name, content in request["files"].items()}
    limit = request.get("wrong_mac_after")
    if limit is not None and not isinstance(limit, int):
        raise ValueError("wrong_mac_after is a whole number")
    return Profile(
        files=files,
        known=Secrets(_bytes(request.get("mrz")), str(request.get("can", "")).encode()),
        bac=request.get("bac") is not False,
        pace=_pace(request.get("pace")),
        wrong_mac_after=limit,
    )


def _pace(value: object) -> PaceProfile | None:
    if value is None:
        return None
    if not isinstance(value, list) or len(value) != 2 or value[0] not in KEY_BYTES:
        raise ValueError("pace is a cipher and a curve's number")
    if value[1] not in GROUPS:
        raise ValueError("pace is a cipher and a curve's number")
    return PaceProfile(*value)


def _bytes(value: object) -> bytes:
    if not isinstance(value, str):
        raise ValueError("bytes are in hexadecimal")
    return bytes.fromhex(value)
