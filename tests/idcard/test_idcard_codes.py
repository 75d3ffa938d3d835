"""The code tables are those of the standards, and no odd code turns anybody away."""

from typing import Any

from padpos_drivers.idcard.codes import ETHNICITIES, SEXES, ethnicity
from padpos_drivers.idcard.decode import decode_text
from padpos_drivers.idcard.document import Sex


def test_the_table_has_the_56_peoples_and_the_two_other_codes() -> None:
    assert len(ETHNICITIES) == len(set(ETHNICITIES.values())) == 58
    ends = {"01": "汉", "05": "维吾尔", "13": "瑶", "28": "景颇", "43": "乌孜别克", "56": "基诺"}
    assert {code: ETHNICITIES[code] for code in ends} == ends
    assert set(SEXES) == set(Sex)


def test_a_code_the_standard_does_not_have_is_kept_and_has_no_name(vectors: dict[str, Any]) -> None:
    block = bytearray.fromhex(vectors["cards"][0]["text_block"])
    block[32:36] = "57".encode("utf-16-le")
    document = decode_text(bytes(block))
    assert document.ethnicity_code == "57"
    assert ethnicity("57") is None
