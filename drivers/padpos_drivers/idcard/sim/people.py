"""The invented people of the packaged cards, each born before 1910.

The keys are short names to ask for a card by; they are not what stands on it.
"""

from collections.abc import Mapping
from typing import Final

Fields = Mapping[str, str | None]


def _citizen(name: str, number: str, ethnicity: str, place: tuple[str, str], valid: str) -> Fields:
    """Make a citizen; ``valid`` is "from-to" or "from-"; sex and birth come from the number."""
    start, end = valid.split("-")
    address, issuer = place
    return {
        "type": "citizen",
        "name": name,
        "sex": "1" if number[16] in "13579" else "2",
        "ethnicity_code": ethnicity,
        "birth": number[6:14],
        "address": address,
        "number": number,
        "issuer": issuer,
        "valid_from": start,
        "valid_until": end or None,
    }


_CHANGSHA: Final = ("湖南省长沙市岳麓区试验街道样板路12号", "长沙市公安局岳麓分局")
_TIANXIN: Final = ("湖南省长沙市天心区样例巷7号1单元502室", "长沙市公安局天心分局")
_YONGZHOU: Final = ("湖南省永州市冷水滩区示范大道99号", "永州市公安局冷水滩分局")
_YIYANG: Final = ("湖南省益阳市资阳区测试镇样例村6组", "益阳市公安局资阳分局")
_TAOJIANG: Final = ("湖南省益阳市桃江县演示乡虚构村1组", "桃江县公安局")

PEOPLE: Final[Mapping[str, Fields]] = {
    "测试丙": _citizen("测试丙", "43010419010506001X", "01", _CHANGSHA, "20180301-20380301"),
    "测试丁": _citizen("测试丁", "430103190209150021", "01", _TIANXIN, "20210615-"),
    "少数民族": _citizen(
        "样例·阿卜杜热合曼", "431103190411220039", "05", _YONGZHOU, "20190808-20390808"
    ),
    "生僻字": _citizen("测𠮷试", "430902190612010042", "06", _YIYANG, "20220101-20420101"),
    "长名": _citizen(
        "测试样例示范演示虚构人物之长名", "430922190303030053", "13", _TAOJIANG, "20200720-20400720"
    ),
    "过期": _citizen("测试过期", "430104190001310061", "01", _CHANGSHA, "20041010-20141010"),
    "未生效": _citizen("测试未来", "431103190810010071", "01", _YONGZHOU, "20900101-21100101"),
    "错号": _citizen("测试错号", "430902190907070084", "01", _YIYANG, "20170505-20370505"),
    "居住证": {
        "type": "hmt-residence",
        "name": "測試陸",
        "sex": "1",
        "birth": "19020808",
        "address": "湖南省长沙市天心区样例巷8号",
        "number": "810000190208080013",
        "issuer": "长沙市公安局",
        "valid_from": "20230404",
        "valid_until": "20280404",
        "permit_number": "H87654321",
        "times_issued": "02",
    },
    "永居2017": {
        "type": "foreign-permanent-2017",
        "name": "SPECIMEN, PIERRE",
        "chinese_name": "样例皮埃尔",
        "sex": "1",
        "birth": "19061224",
        "number": "FRA430106122411",
        "valid_from": "20190301",
        "valid_until": "20290301",
        "nationality": "FRA",
    },
    "永居2023": {
        "type": "foreign-permanent-2023",
        "name": "SPECIMEN-LONGNAME, ALEXANDRA ELISABETH ANNA",
        "chinese_name": "样例安娜",
        "sex": "2",
        "birth": "19070214",
        "number": "911430190702140020",
        "valid_from": "20240601",
        "valid_until": "20340601",
        "nationality": "DEU",
    },
}
