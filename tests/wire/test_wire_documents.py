"""Receipts, key set, policy, draw, waybills, feed, MQTT messages: their rules (§§2, 6 to 9, 11)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from padpos.wire import cbor, documents, draw, feed, ids, keyset, messages, policy, receipt, signed
from padpos.wire.errors import Malformed, SealingRefused, WireError
from padpos.wire.keys import Alg
from padpos.wire.signed import What
from tests.wire.reading import public_key, signed_vector, vectors
from tests.wire.vector_objects import DAY, DAY_MS, START, key_set, seed, signer, the_policy

Reader = Callable[[bytes], object]
READERS: dict[str, Reader] = {
    "receipt": lambda raw: receipt.verify(raw, (public_key("receipt"),)),
    "keys": lambda raw: keyset.verify(raw, public_key("policy")),
    "policy": lambda raw: policy.verify(raw, public_key("policy")),
    "waybills": lambda raw: documents.verify_waybills(raw, (public_key("waybills"),)),
    "contracts": lambda raw: documents.verify_contracts(raw, public_key("policy")),
    "leavers": lambda raw: documents.verify_leavers(raw, public_key("policy")),
    "feed": lambda raw: feed.verify(raw, public_key("receipt")),
}


def payload(name: str) -> Any:
    return cbor.loads(signed_vector(name)["payload"], 1 << 20)


def signed_again(name: str, changed: Any) -> bytes:
    item = signed_vector(name)
    return signed.sign(What(item["what"]), cbor.dumps(changed), signer(item["key"])).raw


def refused(name: str, key: int, value: Any) -> None:
    """The vector is taken as it is, and refused with this value for this key."""
    READERS[name](signed_again(name, payload(name)))
    with pytest.raises(Malformed):
        READERS[name](signed_again(name, {**payload(name), key: value}))


H = bytes(32)


@pytest.mark.parametrize(
    "item", [[0, H, 2], [0, H, 0, "why"], [0, H, 1, "why"], [0, H, 3], [0, H, 2, None],
             [0, H, 2, "x" * 201], [-1, H, 0], [0, bytes(31), 0], [0, H, True]],
)  # fmt: skip
def test_a_reason_stands_with_a_refusal_and_only_there(item: Any) -> None:
    refused("receipt", 4, [item])
    if item[0] == 0:  # the same without its seq
        refused("receipt", 5, [item[1:]])


def test_a_receipt_holds_500_items_and_no_more() -> None:
    items: list[Any] = [[n, H, 0] for n in range(500)]
    READERS["receipt"](signed_again("receipt", {**payload("receipt"), 4: items}))
    refused("receipt", 4, [*items, [500, H, 0]])


def test_a_key_stands_once_in_a_set() -> None:
    keys = payload("keys")[5]
    refused("keys", 5, [*keys, keys[0]])
    refused("keys", 5, [*keys, ["escrow", *keys[0][1:]]])


def test_a_key_set_with_a_label_key_spans_seven_days_at_most() -> None:
    refused("keys", 4, START + 7 * DAY_MS + 1)
    without = [key for key in payload("keys")[5] if key[0] != "label"]
    longer = {**payload("keys"), 4: START + 90 * DAY_MS, 5: without}
    assert keyset.verify(signed_again("keys", longer), public_key("policy")).keys


def test_a_key_set_begins_before_it_ends() -> None:
    refused("keys", 4, START)


def test_a_key_is_for_its_use_of_its_size_and_named_by_its_id() -> None:
    upload, *_, label, receipts, waybills = payload("keys")[5]
    refused("keys", 5, [["label", *upload[1:]]])
    refused("keys", 5, [["upload", *label[1:]]])
    refused("keys", 5, [["receipt", *upload[1:]]])
    refused("keys", 5, [["upload", *receipts[1:]]])
    refused("keys", 5, [["other", *upload[1:]]])
    refused("keys", 5, [[*upload[:2], waybills[2], upload[3]]])
    from padpos.wire.keys import key_id

    for alg, raw in ((Alg.XWING, bytes(32)), (Alg.X25519, bytes(31)), (Alg.X25519, b"")):
        refused("keys", 5, [["upload", int(alg), key_id(alg, raw), raw]])
    refused("keys", 5, [["receipt", -9, key_id(Alg.ESP256, b"\2" + H), b"\2" + H]])


def test_nothing_is_sealed_outside_the_sets_time_or_below_the_pinned_suite() -> None:
    keys = key_set()
    assert keys.to_seal(keyset.Use.UPLOAD, START, Alg.XWING)
    for now in (START - 1, START + 7 * DAY_MS):
        with pytest.raises(SealingRefused):
            keys.to_seal(keyset.Use.UPLOAD, now, Alg.X25519)
    weak = keyset.KeySet(
        1, "abc", START, START + 1, ((keyset.Use.UPLOAD, public_key("upload-x25519")),)
    )
    assert weak.to_seal(keyset.Use.UPLOAD, START, Alg.X25519)
    with pytest.raises(SealingRefused):
        weak.to_seal(keyset.Use.UPLOAD, START, Alg.XWING)
    with pytest.raises(SealingRefused):
        weak.to_seal(keyset.Use.CARRIER, START, Alg.X25519)


def test_a_policy_that_contradicts_itself_is_refused() -> None:
    p = payload("policy")
    refused("policy", 4, p[3])
    refused("policy", 6, p[6][1:])
    refused("policy", 6, [*p[6], p[6][0]])
    refused("policy", 6, [[*p[6][0][:2], "by-draw", "x", True], *p[6][1:]])
    refused("policy", 6, [["walk-in", "agent", "exempt", "x", True], *p[6]])
    refused("policy", 7, 1_000_001)
    refused("policy", 2, "carrier-1")
    refused("policy", 2, ["cn-bj-0042", "cn-bj-0043"])
    refused("policy", 2, [])
    refused("policy", 8, {"2026-1-1": H})
    refused("policy", 8, {"2026-02-30": H})
    refused("policy", 8, {1: H})
    refused("policy", 12, p[12][1:])
    refused("policy", 12, [*p[12], p[12][0]])
    refused("policy", 12, [["other", "x", ""], *p[12][1:]])
    refused("policy", 12, [*p[12], ["typed", "x", "北京"], ["typed", "y", "北京"]])
    refused("policy", 5, [*p[5], p[5][0]])
    refused("policy", 5, [[*p[5][0][:3], "any", True]])
    refused("policy", 11, [*p[11], p[11][0]])
    refused("policy", 14, p[14][1:])
    refused("policy", 14, [*p[14][1:], ["document", 5, 4, None]])
    refused("policy", 14, [*p[14][1:], ["document", 0, None, None]])
    refused("policy", 15, p[15][1:])
    refused("policy", 15, [*p[15], p[15][0]])
    refused("policy", 16, [151, 151])
    refused("policy", 16, [14, 13])


def test_a_policy_with_a_key_nobody_knows_is_refused() -> None:
    with pytest.raises(Malformed):
        READERS["policy"](signed_again("policy", {**payload("policy"), 18: 0}))


@pytest.mark.parametrize("duty", ["required", "by-draw"])
def test_no_policy_may_have_the_text_of_a_letter_inspected(duty: str) -> None:
    """邮政法 25: a letter's content is nobody's to look at."""
    rows = payload("policy")[6]
    place = next(i for i, row in enumerate(rows) if row[:2] == ["letter", "inspect"])
    refused("policy", 6, [*rows[:place], [*rows[place][:2], duty, "x", True], *rows[place + 1 :]])


def test_a_mark_reads_as_its_closest_region_says() -> None:
    law = the_policy()
    assert law.mark_text("inspected", "上海市黄浦区") == "收寄验视·沪"
    assert law.mark_text("inspected", "北京 B01") == law.mark_text("inspected") == "收寄验视"


def test_an_agreement_stands_once_and_ends_after_it_begins() -> None:
    (row,) = payload("contracts")[3]
    refused("contracts", 3, [row, row])
    refused("contracts", 3, [[row[0], row[2], row[1], *row[3:]]])
    refused("contracts", 3, [["", *row[1:]]])
    refused("contracts", 3, [[*row[:3], ["文" * 61], row[4]]])


def test_an_agreement_is_found_within_its_time_alone() -> None:
    read = documents.verify_contracts(signed_vector("contracts")["raw"], public_key("policy"))
    (stands,) = read.contracts
    assert read.find("contract-9", START) == stands
    assert read.find("contract-9", START - 1) is None
    assert read.find("contract-9", stands.not_after) is None
    assert read.find("contract-8", START) is None


def test_a_policy_without_commitments_may_be_for_a_carrier() -> None:
    law = the_policy(audience="carrier-1", commitments={})
    read, _ = policy.verify(law.sign(signer("policy")).raw, public_key("policy"))
    assert read == law
    assert read.is_for("anyone", "carrier-1")
    assert not read.is_for("carrier-1", "carrier-2")
    assert not the_policy().is_for("cn-bj-0043", "cn-bj-0042")


def drawn(rate: int, n: int) -> bool:
    return draw.is_drawn(
        day_key=seed("k"), terminal="abc", day=DAY, contract="c", n=n, policy_entry=H, rate=rate
    )


def test_rate_0_draws_never_and_rate_1000000_always() -> None:
    assert not any(drawn(0, n) for n in range(1, 500))
    assert all(drawn(1_000_000, n) for n in range(1, 500))


def test_about_the_rate_is_drawn() -> None:
    assert 400 < sum(drawn(250_000, n) for n in range(1, 2001)) < 600


def test_a_waybill_range_is_of_one_prefix() -> None:
    for first, last in (
        ("PPZ10000002", "PPZ10000001"), ("PPZ10000001", "PPY10000002"), ("1A000001", "20000000"),
        ("PPZ10000001", "PPZ100000020"), ("ABCDEFGH", "ABCDEFGH"), ("ppz10000001", "ppz10000002"),
    ):  # fmt: skip
        refused("waybills", 3, [[first, last, START]])


def test_a_waybill_range_counts_to_its_end() -> None:
    numbers = documents.WaybillRange("PPZ00000009", "PPZ00000011", START)
    assert [numbers.number(n) for n in range(4)] == [
        "PPZ00000009", "PPZ00000010", "PPZ00000011", None,
    ]  # fmt: skip


def test_a_feeds_positions_follow_one_another() -> None:
    items = payload("feed")[4]
    refused("feed", 4, items[::-1])
    refused("feed", 4, items[1:])
    refused("feed", 3, 41)
    refused("feed", 4, [[41, "cn-bj-0042", "other", bytes(16), b""]])


def test_572_has_the_check_digit_4() -> None:
    assert ids.damm("572") == "4"
    for v in vectors("damm"):
        assert ids.damm(v["digits"]) == v["check"]
        assert ids.damm(v["digits"] + v["check"]) == "0"


def test_a_training_number_is_told_by_its_check_digit() -> None:
    good = "PPT0000000572" + ids.damm("0000000572")
    assert ids.is_training(good)
    others = [good[:-1] + digit for digit in "0123456789" if digit != good[-1]]
    assert not any(map(ids.is_training, [*others, good[:-1], good + "0", good.lower()]))


@pytest.mark.parametrize("value", [{1: 0}, {1: False, 2: 0}, {1: True}, {1: 1}, {}, False])
def test_a_status_is_online_or_offline_and_nothing_else(value: Any) -> None:
    assert messages.TerminalStatus.from_bytes(messages.OFFLINE) is None
    with pytest.raises(Malformed):
        messages.TerminalStatus.from_bytes(cbor.dumps(value))


@pytest.mark.parametrize(
    "value",
    [[None, None, None], [1, 2, 3], [cbor.Tagged(96, 0)] * 3, [cbor.Tagged(18, 0)] * 3,
     [cbor.Tagged(18, 0), None], [cbor.Tagged(18, 0), None, None, None], {1: 2}],
)  # fmt: skip
def test_an_entry_message_is_an_entry_and_its_envelopes(value: Any) -> None:
    with pytest.raises(Malformed):
        messages.EntryMessage.from_bytes(cbor.dumps(value))


@pytest.mark.parametrize(
    "value",
    [[H, 10, 1, bytes(9)], [H, 10, 0, bytes(9)], [H, 10, 0, bytes(11)], [H, 0, 0, b""],
     [H, 131_072, 131_072, b""], [H, (2 << 20) + 1, 0, bytes(131_072)]],
)  # fmt: skip
def test_a_part_is_a_whole_piece_at_its_place(value: Any) -> None:
    with pytest.raises(Malformed):
        messages.Part.from_bytes(cbor.dumps(value))


def test_parts_join_to_the_attachment() -> None:
    attachment = bytes(300_000)
    parts = [messages.Part.from_bytes(p.to_bytes()) for p in messages.parts_of(attachment)]
    assert [part.offset for part in parts] == [0, 131_072, 262_144]
    assert b"".join(part.data for part in parts) == attachment


@pytest.mark.parametrize(
    "topic",
    ["padpos/1/up/abc/receipt", "padpos/1/down/abc/entry", "padpos/2/up/abc/entry", "",
     "padpos/1/up/A/entry", "padpos/1/up/abc/entry/x", "padpos/1/x/abc/entry"],
)  # fmt: skip
def test_a_topic_has_a_direction_a_terminal_and_a_kind(topic: str) -> None:
    with pytest.raises(WireError):
        messages.parse_topic(topic)
    assert messages.parse_topic("padpos/1/up/abc/entry") == ("up", "abc", "entry")
