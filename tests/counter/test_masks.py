"""Promise: what a label shows of a person is lawful, and the judge can tell when it is not."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from padpos.counter.masks import (
    MaskFault,
    judge_address,
    judge_name,
    judge_phone,
    mask_address,
    mask_name,
    mask_phone,
)

PHONE = "13812345678"
ADDRESS = "湖南省长沙市芙蓉区测试路1号2栋3单元303室"

UNLAWFUL_PHONES = [
    ("138****5678", None, MaskFault.PHONE_TOO_FEW_HIDDEN),
    ("138****5678", PHONE, MaskFault.PHONE_TOO_FEW_HIDDEN),
    ("138*****678", PHONE, MaskFault.PHONE_TOO_FEW_HIDDEN),
    ("１３８＊＊＊＊５６７８", None, MaskFault.PHONE_TOO_FEW_HIDDEN),
    ("138xxxx5678", None, MaskFault.PHONE_TOO_FEW_HIDDEN),
    ("138 •••• 5678", None, MaskFault.PHONE_TOO_FEW_HIDDEN),
    ("١٣٨****٥٦٧٨", None, MaskFault.PHONE_TOO_FEW_HIDDEN),
    ("1234", None, MaskFault.PHONE_TOO_FEW_HIDDEN),
    (PHONE, None, MaskFault.PHONE_REVEALED),
    ("138-1234-5678", None, MaskFault.PHONE_REVEALED),
    ("一三八一二三四五六七八", None, MaskFault.PHONE_REVEALED),
    ("13812\u200b345678", None, MaskFault.PHONE_REVEALED),
    (f"******{PHONE}", None, MaskFault.PHONE_REVEALED),
    ("******13*81*23*45*67*8", None, MaskFault.PHONE_REVEALED),
    ("******1*3*8*1*2*3", PHONE, MaskFault.PHONE_TOO_FEW_HIDDEN),
]
UNLAWFUL_NAMES = [
    ("测试甲", None, MaskFault.NAME_NOTHING_HIDDEN),
    ("测试甲", "测试甲", MaskFault.NAME_NOTHING_HIDDEN),
    ("测", "测", MaskFault.NAME_NOTHING_HIDDEN),
    ("测试甲*", "测试甲", MaskFault.NAME_REVEALED),
    ("测*(试甲)", "测试甲", MaskFault.NAME_REVEALED),
    ("甲*试*测", "测试甲", MaskFault.NAME_REVEALED),
    ("TEST*", "Test", MaskFault.NAME_REVEALED),
    (f"测* {PHONE}", None, MaskFault.NAME_HOLDS_NUMBER),
]
UNLAWFUL_ADDRESSES = [
    (ADDRESS, None, MaskFault.ADDRESS_UNIT),
    ("湖南省长沙市芙蓉区测试路", None, MaskFault.ADDRESS_NOTHING_HIDDEN),
    ("芙蓉区测试路1号***", None, MaskFault.ADDRESS_HOUSE),
    ("芙蓉区测试路*号2栋***", None, MaskFault.ADDRESS_HOUSE),
    ("芙蓉区测试路*号A座***", None, MaskFault.ADDRESS_HOUSE),
    ("芙蓉区测试路*号*栋3单元***", None, MaskFault.ADDRESS_UNIT),
    ("芙蓉区测试路*号*栋三单元***", None, MaskFault.ADDRESS_UNIT),
    ("芙蓉区测试路*号*栋*单元303室", None, MaskFault.ADDRESS_ROOM),
    ("芙蓉区测试路*号*栋*单元3**室", None, MaskFault.ADDRESS_ROOM),
    ("芙蓉区测试路***东户", None, MaskFault.ADDRESS_ROOM),
    ("芙蓉区测试路***五楼", None, MaskFault.ADDRESS_ROOM),
    ("芙蓉区测试路***三零三", None, MaskFault.ADDRESS_ROOM),
    ("芙蓉区***Room 303", None, MaskFault.ADDRESS_ROOM),
    ("芙蓉区测试路***2-1-303", None, MaskFault.ADDRESS_NUMBER),
    ("芙蓉区测试路***③", None, MaskFault.ADDRESS_NUMBER),
    ("芙蓉区测试公寓东头***", "芙蓉区测试公寓东头", MaskFault.ADDRESS_REVEALED),
    ("芙蓉区***红楼后门", "芙蓉区测试路1号红楼后门", MaskFault.ADDRESS_REVEALED),
]


@pytest.mark.parametrize(("masked", "plain", "fault"), UNLAWFUL_PHONES)
def test_an_unlawful_phone_mask_is_refused_with_its_reason(masked, plain, fault):
    assert judge_phone(masked, plain) is fault


@pytest.mark.parametrize(("masked", "plain", "fault"), UNLAWFUL_NAMES)
def test_an_unlawful_name_mask_is_refused_with_its_reason(masked, plain, fault):
    assert judge_name(masked, plain) is fault


@pytest.mark.parametrize(("masked", "plain", "fault"), UNLAWFUL_ADDRESSES)
def test_an_unlawful_address_mask_is_refused_with_its_reason(masked, plain, fault):
    assert judge_address(masked, plain) is fault


@pytest.mark.parametrize(
    ("judge", "masked", "plain"),
    [
        (judge_phone, "*******5678", PHONE),
        (judge_phone, "*******5678", None),
        (judge_phone, "1********78", PHONE),
        (judge_phone, "●●●●●●●5678", None),
        (judge_phone, "5678", PHONE),
        (judge_phone, "***********", PHONE),
        (judge_phone, "", None),
        (judge_name, "测**", "测试甲"),
        (judge_name, "测试*", "测试甲"),
        (judge_name, "*试甲", None),
        (judge_name, "测先生", "测试甲"),
        (judge_name, "测某某", None),
        (judge_name, "*", "测"),
        (judge_address, "湖南省长沙市芙蓉区***", ADDRESS),
        (judge_address, "湖南省长沙市芙蓉区测试路***", ADDRESS),
        (judge_address, "芙蓉区五一路*号*栋*单元*室", None),
        (judge_address, "测试路*号*栋*单元*室", ADDRESS),
        (judge_address, "海南省三亚市***", None),
        (judge_address, "***", ADDRESS),
    ],
)
def test_a_lawful_mask_of_anyone_passes(judge, masked, plain):
    assert judge(masked, plain) is None


def test_every_fault_speaks_chinese_and_english():
    texts = [(fault.zh, fault.en) for fault in MaskFault]
    assert all(zh and en for zh, en in texts)
    assert len(set(texts)) == len(MaskFault)


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        (ADDRESS, "湖南省长沙市芙蓉区***"),
        ("湖南省 长沙市 芙蓉区 测试路1号", "湖南省长沙市芙蓉区***"),
        ("北京市朝阳区望京小区3栋", "北京市朝阳区***"),
        ("长沙市芙蓉小区1栋", "长沙市***"),
        ("长沙市红星大市场3号", "长沙市***"),
        ("长春市红旗街3号", "长春市***"),
        ("长沙市三区5栋", "长沙市***"),
        ("阳光花园北区2栋", "***"),
        ("A区B座303", "***"),
        ("303室", "***"),
        ("", "***"),
        ("河北省石家庄市长安区测试路1号", "河北省石家庄市长安区***"),
        ("四川省内江市市中区测试路", "四川省内江市市中区***"),
        ("湖北省荆州市沙市区测试路", "湖北省荆州市沙市区***"),
        ("内蒙古自治区锡林郭勒盟阿巴嘎旗测试路", "内蒙古自治区锡林郭勒盟阿巴嘎旗***"),
        ("恩施土家族苗族自治州恩施市测试路", "恩施土家族苗族自治州恩施市***"),
        ("上海市浦东新区测试路88弄", "上海市浦东新区***"),
        ("广东省广州市天河区测试路", "广东省广州市天河区***"),
    ],
)
def test_an_address_keeps_only_its_leading_regions(address, masked):
    assert mask_address(address) == masked


@pytest.mark.parametrize(
    ("phone", "masked"),
    [
        (PHONE, "*******5678"),
        ("+86 138-1234-5678", "*********5678"),
        ("0731-12345678", "********5678"),
        ("12345678", "******"),
        ("95338", "******"),
        (f"{PHONE}/{PHONE}", "******"),
    ],
)
def test_a_phone_keeps_its_last_four_digits_or_nothing(phone, masked):
    assert mask_phone(phone) == masked


def test_the_length_of_a_long_name_is_not_told():
    assert mask_name("测" + "试" * 49) == mask_name("测试甲") == "测**"
    assert mask_name("测") == "*"


REGIONS = ["湖南省", "长沙市", "芙蓉区", "小区", "市场", "自治区", "北京", "县", "旗"]
DOORS = ["测试路", "1号", "二", "303室", "单元", "栋", "①"]
SIGNS = ["*", "＊", "🙂", "某", "x", "-"]
WORDS = st.sampled_from(REGIONS + DOORS + SIGNS)
TEXTS = st.text(max_size=60) | st.lists(WORDS, max_size=12).map("".join)
NUMBERS = st.text("0123456789０１２+- ()一二١٢③xX*", max_size=30)


@given(TEXTS)
def test_the_mask_of_any_name_is_lawful_and_shows_one_letter_at_most(name):
    masked = mask_name(name)
    assert judge_name(masked) is None
    assert judge_name(masked, name) is None
    assert len(masked.replace("*", "")) <= 1


@given(TEXTS | NUMBERS)
def test_the_mask_of_any_phone_is_lawful_and_shows_four_digits_at_most(phone):
    masked = mask_phone(phone)
    assert judge_phone(masked) is None
    assert judge_phone(masked, phone) is None
    assert len(masked.replace("*", "")) in (0, 4)


@given(TEXTS)
def test_the_mask_of_any_address_is_lawful_and_shows_only_its_start(address):
    masked = mask_address(address)
    assert judge_address(masked) is None
    assert judge_address(masked, address) is None
    kept = masked.removesuffix("***")
    assert "*" not in kept
    assert unicodedata.normalize("NFKC", address).replace(" ", "").startswith(kept) or not kept


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True))
def test_no_seven_digits_of_a_mobile_number_survive_its_mask(phone):
    masked = mask_phone(phone)
    assert not any(phone[place : place + 5] in masked for place in range(7))
    assert judge_phone(f"{phone[:3]}****{phone[7:]}") is MaskFault.PHONE_TOO_FEW_HIDDEN


@given(
    st.sampled_from(["", "湖南省", "湖南省长沙市", "长沙市芙蓉区"]),
    st.from_regex(
        r"(测试路|花园|大厦)[1-9][0-9]{0,2}号[1-9]栋[1-4]单元[1-9]0[1-4]室", fullmatch=True
    ),
)
def test_nothing_behind_the_regions_survives_the_mask(regions, door):
    masked = mask_address(regions + door)
    assert masked == regions + "***"
    assert not any(door[place : place + 2] in masked for place in range(len(door) - 1))


@given(TEXTS, TEXTS)
def test_judging_never_fails_on_any_text(masked, plain):
    for judge in (judge_name, judge_phone, judge_address):
        assert judge(masked, plain) is None or isinstance(judge(masked, plain), MaskFault)
