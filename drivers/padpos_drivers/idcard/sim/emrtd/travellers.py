"""The invented holders of the virtual travel documents, each born before 1910.

Keys are short names to ask for a document by. ``expect`` of each is what a reader must find.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_SEX: Final = {"M": "1", "F": "2", "<": "9"}


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class Traveller:
    """One document: days are YYYYMMDD, ``can`` the six digits on its front if it has them."""

    kind: str
    code: str
    issuer: str
    nationality: str
    surname: str
    given: str
    number: str
    birth: str
    sex: str
    expiry: str
    chinese_name: str | None = None
    can: str = ""

    @property
    def expect(self) -> dict[str, str | None]:
        """Return the fields that a reader must find."""
        return {
            "type": self.kind,
            "name": f"{self.surname}, {self.given}" if self.given else self.surname,
            "sex": _SEX[self.sex],
            "birth": self.birth,
            "number": self.number,
            "valid_from": None,
            "valid_until": self.expiry,
            "issuer": self.issuer,
            "nationality": self.nationality,
            "chinese_name": self.chinese_name,
        }


def _chinese(
    kind: str, code: str, number: str, names: tuple[str, str, str], **rest: str
) -> Traveller:
    surname, given, chinese = names
    return Traveller(
        kind=kind,
        code=code,
        issuer="CHN",
        nationality="CHN",
        number=number,
        surname=surname,
        given=given,
        chinese_name=chinese,
        **rest,
    )


TRAVELLERS: Final[Mapping[str, Traveller]] = {
    "护照": _chinese(
        *("passport", "P", "EA0000017", ("CESHI", "BING", "测试丙")),
        birth="19010506",
        sex="M",
        expiry="20330214",
        can="190105",
    ),
    "外国护照": Traveller(
        kind="passport",
        code="P",
        issuer="UTO",
        nationality="UTO",
        surname="SPECIMEN",
        given="ANNA MARIA",
        number="L0000007C",
        birth="19020915",
        sex="F",
        expiry="20310630",
    ),
    "外国身份证": Traveller(
        kind="other-travel-document",
        code="I",
        issuer="UTO",
        nationality="UTO",
        surname="SPECIMEN",
        given="OTTO",
        number="D00000073402",
        birth="19040229",
        sex="<",
        expiry="20320101",
    ),
    "回乡证": _chinese(
        *("hm-resident-permit", "CR", "H00000081", ("CHAK", "SI LUK", "測試陸")),
        birth="19020808",
        sex="M",
        expiry="20280404",
    ),
    "台胞证": _chinese(
        *("tw-resident-permit", "CT", "00000093", ("CESHI", "CHI", "測試柒")),
        birth="19030303",
        sex="F",
        expiry="20290505",
    ),
    "往来港澳": _chinese(
        *("hm-exit-permit", "CS", "C00000105", ("CESHI", "BA", "测试捌")),
        birth="19070907",
        sex="F",
        expiry="20300606",
    ),
    "往来台湾": _chinese(
        *("tw-exit-permit", "CD", "L00000117", ("CESHI", "JIU", "测𠮷玖")),
        birth="19081001",
        sex="M",
        expiry="20300707",
    ),
}
