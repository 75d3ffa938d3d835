"""A document's files (Doc 9303-10): machine-readable lines, DG1, DG11, EF.COM."""

from typing import Final

from padpos_drivers.idcard.sim.emrtd.der import tlv
from padpos_drivers.idcard.sim.emrtd.travellers import Traveller

COM, DG1, DG11, SOD = 0x011E, 0x0101, 0x010B, 0x011D
_VALUES: Final = {character: value for value, character in enumerate("0123456789ABCDEFGHIJ")} | {
    character: value for value, character in enumerate("KLMNOPQRSTUVWXYZ", 20)
}
_NAME_CODE: Final = "NGKELMPONBPJ"  # three Chinese characters, each as four letters


def digit(text: str) -> str:
    """Return a check digit: weights 7 3 1, fillers count nothing."""
    weighted = (_VALUES.get(text[i], 0) * (7, 3, 1)[i % 3] for i in range(len(text)))
    return str(sum(weighted) % 10)


def checked(text: str) -> str:
    """Return a field with its check digit."""
    return text + digit(text)


def printed(holder: Traveller) -> list[str]:
    """Return the machine-readable lines as they stand on the document."""
    if holder.code in {"CS", "CD"}:
        return chip_lines(holder)[:1]
    return chip_lines(holder)


def chip_lines(holder: Traveller) -> list[str]:
    """Return the lines as DG1 has them."""
    if holder.code in {"CR", "CT"}:
        return _resident_permit(holder)
    if holder.code in {"CS", "CD"}:
        return _exit_permit(holder)
    return _td3(holder) if holder.code.startswith("P") else _td1(holder)


def mrz_information(holder: Traveller) -> bytes:
    """Return what the keys are made from: number, birth, expiry, each with its digit."""
    parts = (holder.number.ljust(9, "<"), holder.birth[2:], holder.expiry[2:])
    return "".join(checked(part) for part in parts).encode()


def files(holder: Traveller) -> dict[int, bytes]:
    """Return EF.COM, DG1 and DG11; the SOD is the issuer's to add."""
    lines = "".join(chip_lines(holder)).encode()
    name = (holder.chinese_name or f"{holder.surname}<<{holder.given}").encode()
    dg11 = tlv(
        0x6B,
        tlv(0x5C, b"\x5f\x0e\x5f\x2b"),
        tlv(0x5F0E, name),
        tlv(0x5F2B, bytes.fromhex(holder.birth)),
    )
    com = tlv(0x60, tlv(0x5F01, b"0107"), tlv(0x5F36, b"040000"), tlv(0x5C, b"\x61\x75\x6b"))
    return {COM: com, DG1: tlv(0x61, tlv(0x5F1F, lines)), DG11: dg11}


def _names(holder: Traveller, width: int) -> str:
    names = f"{holder.surname}<<{holder.given}".replace(" ", "<")
    return names[:width].ljust(width, "<")


def _td3(holder: Traveller) -> list[str]:
    number, birth = checked(holder.number.ljust(9, "<")), checked(holder.birth[2:])
    expiry, rest = checked(holder.expiry[2:]), checked("<" * 14)
    first = f"{holder.code:<<2}{holder.issuer:<<3}{_names(holder, 39)}"
    second = f"{number}{holder.nationality:<<3}{birth}{holder.sex}{expiry}{rest}"
    return [first, second + digit(number + birth + expiry + rest)]


def _td1(holder: Traveller) -> list[str]:
    number, rest = holder.number, ""
    if len(number) > 9:
        number, rest = number[:9] + "<", checked(number)[9:] + "<"
    else:
        number = checked(number.ljust(9, "<"))
    first = f"{holder.code:<<2}{holder.issuer:<<3}{number}{rest:<<15}"
    birth, expiry = checked(holder.birth[2:]), checked(holder.expiry[2:])
    second = f"{birth}{holder.sex}{expiry}{holder.nationality:<<3}{'':<<11}"
    over = first[5:] + birth + expiry + second[18:]
    return [first, second + digit(over), _names(holder, 30)]


def _resident_permit(holder: Traveller) -> list[str]:
    number, expiry = checked(holder.number.ljust(9, "<")), checked(holder.expiry[2:])
    first = f"{holder.code}{number}<01{expiry}{holder.sex}{checked(holder.birth[2:])}"
    return [first, "<" * 30, _names(holder, 30)]


def _exit_permit(holder: Traveller) -> list[str]:
    number, expiry = checked(holder.number.ljust(9, "<")), checked(holder.expiry[2:])
    first = f"{holder.code}{number}<{expiry}<{checked(holder.birth[2:])}<"
    whole = f"{first}{digit(first)}{_NAME_CODE}{_names(holder, 18)}{holder.sex}".ljust(90, "<")
    return [whole[:30], whole[30:60], whole[60:]]
