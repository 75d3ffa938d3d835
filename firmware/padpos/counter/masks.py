"""What a label may still show of a person: the masks, and the judge of anybody's masks.

GB/T 41833-2022 (快递电子运单) as known here: of a name at least one character is hidden, of a phone
number at least six digits, of an address the unit and the room; padpos counts house and building
numbers as part of them. The usual `138****1234` hides four digits and is unlawful. The masks show
less than the judge demands; in doubt they hide. Everything here is pure, and no error or reason
ever repeats what it judged.
"""

import re
import unicodedata
from collections import Counter
from enum import Enum

HIDDEN = "*"
"""The character the masks of this module put in place of what they hide."""

LEAST_HIDDEN_DIGITS = 6
SHOWN_PHONE_DIGITS = 4
LONGEST_NUMBER = 15
"""Digits of the longest telephone number (ITU-T E.164)."""

_LOCAL_NUMBER = 7  # a run of digits this long is a whole local number by itself
_MASK_SIGNS = "*•●■█□▇▢○◯◎×✕✖☆★☻☺🙂😊#"
_NAME_SIGNS = _MASK_SIGNS + "某"
_PHONE_SIGNS = _MASK_SIGNS + "xX"
_MOST_NAME_STARS = 2  # the length of a long name is nobody's business either


class MaskFault(Enum):
    """Why a mask is unlawful: `value` is the code, `zh` and `en` are for people."""

    NAME_NOTHING_HIDDEN = "name-nothing-hidden"
    NAME_REVEALED = "name-revealed"
    NAME_HOLDS_NUMBER = "name-holds-number"
    PHONE_TOO_FEW_HIDDEN = "phone-too-few-hidden"
    PHONE_REVEALED = "phone-revealed"
    ADDRESS_NOTHING_HIDDEN = "address-nothing-hidden"
    ADDRESS_HOUSE = "address-house-number"
    ADDRESS_UNIT = "address-unit"
    ADDRESS_ROOM = "address-room"
    ADDRESS_NUMBER = "address-number"
    ADDRESS_REVEALED = "address-revealed"

    @property
    def zh(self) -> str:
        """The reason in Chinese."""
        return _FAULT_TEXTS[self][0]

    @property
    def en(self) -> str:
        """The reason in English."""
        return _FAULT_TEXTS[self][1]


_FAULT_TEXTS = {
    MaskFault.NAME_NOTHING_HIDDEN: ("姓名未隐藏任何一个字", "No character of the name is hidden."),
    MaskFault.NAME_REVEALED: (
        "姓名隐藏的字在别处可见",
        "What the mask of the name hides can be read beside it.",
    ),
    MaskFault.NAME_HOLDS_NUMBER: ("姓名栏内有号码", "A long number stands in the name."),
    MaskFault.PHONE_TOO_FEW_HIDDEN: (
        "电话号码隐藏不足六位",
        "Fewer than six digits of the phone number are hidden.",
    ),
    MaskFault.PHONE_REVEALED: ("电话号码仍可读出", "A whole phone number can still be read."),
    MaskFault.ADDRESS_NOTHING_HIDDEN: ("地址未作隐藏", "Nothing of the address is hidden."),
    MaskFault.ADDRESS_HOUSE: ("门牌号或楼栋号未隐藏", "The house or building number is shown."),
    MaskFault.ADDRESS_UNIT: ("单元号未隐藏", "The unit of the address is shown."),
    MaskFault.ADDRESS_ROOM: ("室号或楼层未隐藏", "The room or floor of the address is shown."),
    MaskFault.ADDRESS_NUMBER: ("地址内仍有数字", "A number of the address is shown."),
    MaskFault.ADDRESS_REVEALED: (
        "地址隐藏的内容仍可读出",
        "What the mask of the address hides can still be read.",
    ),
}


# --- masking -------------------------------------------------------------------------------------


def mask_name(name: str) -> str:
    """The first letter of a name, the rest hidden: 测试甲 → `测**`; one character → `*`.

    A name that begins with anything but a letter is hidden whole. Takes any text.
    """
    letters = _letters(name)
    if len(letters) < 2 or unicodedata.category(letters[0])[0] != "L" or letters[0] in _NAME_SIGNS:
        return HIDDEN * max(1, min(len(letters), _MOST_NAME_STARS))
    return letters[0] + HIDDEN * min(len(letters) - 1, _MOST_NAME_STARS)


def mask_phone(phone: str) -> str:
    """The last four digits of a phone number, at least six others hidden.

    Shorter numbers, longer ones than E.164 allows, and numbers written in other than European
    digits are hidden whole, without their length. Takes any text.
    """
    text = _plainest(phone)
    digits = [sign for sign in text if _is_number(sign)]
    usable = all(sign in "0123456789" for sign in digits)
    hidden = len(digits) - SHOWN_PHONE_DIGITS
    if not usable or hidden < LEAST_HIDDEN_DIGITS or len(digits) > LONGEST_NUMBER:
        return HIDDEN * LEAST_HIDDEN_DIGITS
    return HIDDEN * hidden + "".join(digits[-SHOWN_PHONE_DIGITS:])


def mask_address(address: str) -> str:
    """The leading administrative regions of an address, then `***`.

    湖南省长沙市芙蓉区测试路1号2栋303室 → `湖南省长沙市芙蓉区***`. What is not surely a region
    (小区, 开发区, anything with a digit or a word for a road, a building, a shop) is hidden.
    Takes any text.
    """
    masked = _leading_regions(_plainest(address)) + HIDDEN * 3
    return masked if judge_address(masked, address) is None else HIDDEN * 3


# --- judging -------------------------------------------------------------------------------------


def judge_name(masked: str, plain: str | None = None) -> MaskFault | None:
    """The fault of a masked name, or None when it is lawful.

    With `plain` also whether the mask leaves at least one character of it unseen.
    """
    shown = [sign for sign in _letters(masked) if sign not in _NAME_SIGNS]
    hides = any(sign in _NAME_SIGNS for sign in _plainest(masked))
    if not shown:
        return None
    if _longest_number(masked) >= _LOCAL_NUMBER:
        return MaskFault.NAME_HOLDS_NUMBER
    if plain is None:
        return None if hides else MaskFault.NAME_NOTHING_HIDDEN
    if Counter("".join(_letters(plain)).casefold()) - Counter("".join(shown).casefold()):
        return None
    return MaskFault.NAME_REVEALED if hides else MaskFault.NAME_NOTHING_HIDDEN


def judge_phone(masked: str, plain: str | None = None) -> MaskFault | None:
    """The fault of a masked phone number, or None when it is lawful.

    Without `plain` the mask signs are counted; with it, the digits really missing.
    """
    text = _plainest(masked)
    shown = sum(_is_number(sign) for sign in text)
    if not shown:
        return None
    if _longest_number(text) >= _LOCAL_NUMBER:
        return MaskFault.PHONE_REVEALED
    hidden = signs = sum(sign in _PHONE_SIGNS for sign in text)
    if plain is not None:
        hidden = sum(_is_number(sign) for sign in _plainest(plain)) - shown
    if hidden < LEAST_HIDDEN_DIGITS:
        return MaskFault.PHONE_TOO_FEW_HIDDEN
    # Stars set beside a whole number hide nothing: together they outgrow any number.
    too_long = shown + signs > LONGEST_NUMBER or shown > LONGEST_NUMBER - LEAST_HIDDEN_DIGITS
    return MaskFault.PHONE_REVEALED if too_long else None


def judge_address(masked: str, plain: str | None = None) -> MaskFault | None:
    """The fault of a masked address, or None when it is lawful.

    Roads may be seen; numbers of houses, buildings, units, floors and rooms may not. With `plain`
    also whether what the mask hides can be read beside it.
    """
    text = _plainest(masked)
    if not any(sign.isalnum() for sign in text):
        return None
    for fault, pattern in _DOOR_PATTERNS:
        if pattern.search(text):
            return fault
    if any(unicodedata.digit(sign, None) is not None for sign in text):
        return MaskFault.ADDRESS_NUMBER
    if not any(sign in _MASK_SIGNS for sign in text):
        return MaskFault.ADDRESS_NOTHING_HIDDEN
    if plain is not None and _shows_door(text, _plainest(plain)):
        return MaskFault.ADDRESS_REVEALED
    return None


def _shows_door(masked: str, plain: str) -> bool:
    """Whether `masked` lets read all of `plain`, or a piece of what stands from its door on."""
    pieces = [piece for piece in re.split(f"[{re.escape(_MASK_SIGNS)}]+", masked) if piece]
    if _leading_regions(plain) != plain and plain and any(plain in piece for piece in pieces):
        return True
    doors = [door.start() for _, pattern in _DOOR_PATTERNS for door in pattern.finditer(plain)]
    tail = plain[min(doors, default=len(plain)) :]
    behind = pieces if masked[0] in _MASK_SIGNS else pieces[1:]
    return any(len(piece.strip(_DOOR_WORDS)) > 1 and piece in tail for piece in behind)


_DOOR_WORDS = "号號弄院栋棟幢座楼樓单元單室房户戶层層组組队排"
_ANY_MASKED = r"[0-9\-*•●■█□○×#]*"
_NUMBER = rf"[0-9A-Za-z〇零一二三四五六七八九十百千两]{_ANY_MASKED}"
_NAMED = rf"(?:{_NUMBER}|[甲乙丙丁戊己庚辛壬癸东西南北中])"
_DOOR_PATTERNS = (
    (MaskFault.ADDRESS_UNIT, re.compile(rf"{_NAMED}(?:单元|單元)|unit[#]?[0-9]", re.IGNORECASE)),
    (MaskFault.ADDRESS_ROOM, re.compile(rf"{_NAMED}[室房户戶]")),
    (MaskFault.ADDRESS_ROOM, re.compile(r"(?:room|rm\.?|flat)[#]?[0-9]", re.IGNORECASE)),
    (MaskFault.ADDRESS_HOUSE, re.compile(rf"{_NAMED}[栋棟幢座]|{_NUMBER}[号號弄组組队排]")),
    (MaskFault.ADDRESS_ROOM, re.compile(rf"{_NUMBER}[层層楼樓]|[〇零一二三四五六七八九]{{3}}")),
)


# --- reading text --------------------------------------------------------------------------------


def _plainest(text: str) -> str:
    """Compatibility form without spaces, controls, invisible and combining signs."""
    return "".join(
        sign
        for sign in unicodedata.normalize("NFKC", text)
        if unicodedata.category(sign)[0] not in "CZM"
    )


def _letters(text: str) -> list[str]:
    return [sign for sign in _plainest(text) if sign.isalnum()]


def _is_number(sign: str) -> bool:
    """Whether a sign means a number in any script, 三 and ① among them."""
    return unicodedata.numeric(sign, None) is not None


def _longest_number(text: str) -> int:
    """Length of the longest run of number signs, read across punctuation."""
    longest = run = 0
    for sign in _plainest(text):
        if _is_number(sign):
            run += 1
            longest = max(longest, run)
        elif sign.isalnum() or sign in _PHONE_SIGNS:
            run = 0
    return longest


# --- administrative regions ----------------------------------------------------------------------

_PROVINCE = re.compile(
    "北京市|天津市|上海市|重庆市|河北省|山西省|辽宁省|吉林省|黑龙江省|江苏省|浙江省|安徽省|福建省|"
    "江西省|山东省|河南省|湖北省|湖南省|广东省|海南省|四川省|贵州省|云南省|陕西省|甘肃省|青海省|"
    "台湾省|内蒙古自治区|广西壮族自治区|西藏自治区|宁夏回族自治区|新疆维吾尔自治区|"
    "香港特别行政区|澳门特别行政区"
)
_PREFECTURE = re.compile(
    "(?:大兴安岭|阿里|那曲|阿克苏|喀什|和田|塔城|阿勒泰)地区|(?:兴安|锡林郭勒|阿拉善)盟|"
    "(?:湘西|恩施|延边|黔东南|黔南|黔西南|阿坝|甘孜|凉山|楚雄|红河|文山|西双版纳|大理|德宏|怒江|"
    "迪庆|临夏|甘南|海北|黄南|海南|果洛|玉树|海西|昌吉|博尔塔拉|巴音郭楞|克孜勒苏|伊犁)"
    "(?:[\u4e00-\u9fff]{1,8}?自治)?州"
)
# Real regions whose names hold a word that elsewhere means a road, a building or a housing estate.
_EXCEPTIONS = re.compile(
    "石家庄市|枣庄市|景德镇市|镇江市|萍乡市|新乡市|湘乡市|宁乡市|驻马店市|瓦房店市|防城港市|贵港市|"
    "连云港市|张家港市|东港市|凯里市|桃园市|厦门市|鼓楼区|岳阳楼区|黄石港区|铁山港区|海港区|港口区|"
    "港北区|港南区|七里河区|头屯河区|台儿庄区|张店区|小店区|普兰店区|让胡路区|道里区|道外区|路桥区|"
    "路南区|路北区|镇海区|浦东新区|滨海新区|沈北新区|镇原县|镇平县|镇安县|镇雄县|镇远县|镇赉县|"
    "镇坪县|河东区|河西区|二七区|市南区|市北区|道县|道孚县|新乡县|城区|郊区|矿区"
)
_PLACE_WORDS = re.compile(
    "胡同|单元|广场|作坊|[路街道巷弄里村镇乡屯庄组队号栋幢座楼室层院苑园厦场店馆站港库厂校寓墅]"
)
_NO_DISTRICT = frozenset("小社宿舍活属宅业住营片景军防新发险合税东西南北前后内外期")
_OTHER_WORDS = frozenset(("市场", "市民", "市集", "市政", "市部", "区间", "区域", "区块", "县委"))
_NUMERALS = frozenset("〇零一二三四五六七八九十百千")


def _leading_regions(text: str) -> str:
    """The longest start of `text` that is surely nothing but administrative regions."""
    province = _PROVINCE.match(text)
    end = province.end() if province else 0
    prefecture = _PREFECTURE.match(text, end)
    end = prefecture.end() if prefecture else end
    for _ in range(1 if prefecture else 2):
        region = _next_region(text, end)
        if region is None:
            break
        end = region
        if text[end - 1] != "市":
            break
    return text[:end]


def _next_region(text: str, start: int) -> int | None:
    """Where the city, district, county or banner that begins at `start` ends, if one does."""
    known = _EXCEPTIONS.match(text, start)
    if known:
        return known.end()
    for place in range(start, min(len(text), start + 16)):
        sign, stem = text[place], text[start:place]
        if not "\u3400" <= sign <= "\u9fff":
            return None
        if sign in "市区县旗" and len(stem) >= (1 if sign == "县" else 2):
            sure = _is_region(stem, sign, text[:start], text[place : place + 2])
            return place + 1 if sure else None
    return None


def _is_region(stem: str, suffix: str, before: str, goes_on: str) -> bool:
    if goes_on in _OTHER_WORDS or _PLACE_WORDS.search(stem) or _NUMERALS & set(stem[1:]):
        return False
    if suffix == "旗":  # elsewhere it is the flag of a street or a shop
        return before.startswith("内蒙古") or "盟" in before
    if suffix == "区" and stem[-1] in _NO_DISTRICT:
        return False
    return len(stem) <= 4 or stem.endswith("族" if suffix == "区" else "自治")
