"""Words for the codes on a card: ethnicity (GB/T 3304) and sex (GB/T 2261.1), in Chinese."""

from types import MappingProxyType
from typing import Final

from padpos_drivers.idcard.document import Sex

_PEOPLES: Final = (  # in the order of their codes, from 01
    "汉 蒙古 回 藏 维吾尔 苗 彝 壮 布依 朝鲜 满 侗 瑶 白 土家 "
    "哈尼 哈萨克 傣 黎 傈僳 佤 畲 高山 拉祜 水 东乡 纳西 景颇 "
    "柯尔克孜 土 达斡尔 仫佬 羌 布朗 撒拉 毛南 仡佬 锡伯 阿昌 普米 "
    "塔吉克 怒 乌孜别克 俄罗斯 鄂温克 德昂 保安 裕固 京 塔塔尔 独龙 "
    "鄂伦春 赫哲 门巴 珞巴 基诺"
)

ETHNICITIES: Final = MappingProxyType(
    {f"{number:02d}": people for number, people in enumerate(_PEOPLES.split(), 1)}
    | {"97": "其他", "98": "外国血统中国籍人士"}
)
SEXES: Final = MappingProxyType(
    {Sex.UNKNOWN: "未知", Sex.MALE: "男", Sex.FEMALE: "女", Sex.NOT_STATED: "未说明"}
)


def ethnicity(code: str) -> str | None:
    """Return the name that a code stands for; None for one the standard does not have.

    A card with such a code is still read: nothing depends on the field, and nobody is to be
    turned away for it.
    """
    return ETHNICITIES.get(code)
