"""Documents come signed, retained, with rising versions; draw keys only after the commitment."""

from __future__ import annotations

import json
import queue
import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from padpos.wire import documents, draw, keyset, policy
from padpos.wire.facts import ClerkFacts, PolicyFacts
from padpos.wire.keys import Alg, sealing_private
from padpos.wire.messages import OFFLINE, EntryMessage, TerminalStatus
from padpos_services.authority.policyfile import template

if TYPE_CHECKING:
    from pathlib import Path

    from tests.services.conftest import Authority, SafeNumbers, Terminal


ONLINE = TerminalStatus("test 1", 0, 0, "ok").to_bytes()


def publish_policy(
    authority: Authority, terminal: Terminal, *more: str
) -> tuple[policy.Policy, bytes]:
    authority.run("publish", "policy", "--terminal", terminal.name, "--draw-rate", "100000", *more)
    return policy.verify(terminal.next_of("policy"), authority.policy_key)


def open_draw(authority: Authority, terminal: Terminal, raw: bytes) -> dict[str, bytes]:
    private = sealing_private(Alg.X25519, terminal.inbox_secret)
    return draw.open_draw_message(raw, terminal.name, authority.policy_key, terminal.inbox, private)


def test_a_key_set_names_every_key_and_spans_seven_days(
    authority: Authority, safe_numbers: SafeNumbers, terminal: Terminal
) -> None:
    authority.run("publish", "keys", "--terminal", terminal.name)
    found = keyset.verify(terminal.next_of("keys"), authority.policy_key)
    assert {str(use) for use, _ in found.keys} == {
        "upload", "receipt", "waybills", "carrier", "label",
    }  # fmt: skip
    assert found.of(keyset.Use.RECEIPT) == (authority.receipt_key,)
    assert found.of(keyset.Use.LABEL) == (safe_numbers.key("label"),)
    assert found.not_after - found.not_before <= keyset.LABEL_SPAN_MS


def test_versions_rise_and_the_newest_is_retained(authority: Authority, terminal: Terminal) -> None:
    for version in (1, 2):
        authority.run("publish", "contracts", "--terminal", terminal.name, "--contract", "k-1",
                      "--contract", f"k-{version + 1}")  # fmt: skip
        found = documents.verify_contracts(terminal.next_of("contracts"), authority.policy_key)
        assert found.version == version
    terminal.disconnect()
    terminal.received = queue.Queue()
    terminal.connect()
    found = documents.verify_contracts(terminal.next_of("contracts"), authority.policy_key)
    assert [c.id for c in found.contracts] == ["k-1", "k-3"]


def test_documents_made_while_serve_is_down_are_sent_when_it_is_back(
    authority: Authority, terminal: Terminal
) -> None:
    authority.stop()
    authority.run("publish", "contracts", "--terminal", terminal.name, "--contract", "k-1")
    authority.start()
    assert documents.verify_contracts(terminal.next_of("contracts"), authority.policy_key)


def test_waybill_ranges_add_up(authority: Authority, terminal: Terminal) -> None:
    for first, last in (("TEST00000001", "TEST00000099"), ("TEST00000200", "TEST00000299")):
        authority.run("publish", "waybills", "--terminal", terminal.name,
                      "--first", first, "--last", last)  # fmt: skip
        raw = terminal.next_of("waybills")
    found = documents.verify_waybills(raw, (authority.public("waybills"),))
    assert [r.first for r in found.ranges] == ["TEST00000001", "TEST00000200"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("waybills", "--first", "TEST00000009", "--last", "TEST00000001"),
        ("waybills", "--first", "x", "--last", "y"),
        ("policy", "--draw-rate", "2000000"),
    ],
)
def test_what_terminals_would_refuse_is_not_published(
    authority: Authority, terminal: Terminal, arguments: Any
) -> None:
    with pytest.raises(AssertionError, match=r"Error|Invalid"):
        authority.run("publish", *arguments[:1], "--terminal", terminal.name, *arguments[1:])
    assert authority.rows("SELECT 1 FROM document WHERE terminal = ?", terminal.name) == []


def test_the_packaged_policy_is_the_law_as_it_stands(
    authority: Authority, terminal: Terminal
) -> None:
    found, _ = publish_policy(authority, terminal)
    assert found.audience == (terminal.name,)
    for customer, step, duty in (
        ("walk-in", "identify", "required"), ("walk-in", "inspect", "required"),
        ("contract", "identify", "exempt"), ("contract", "inspect", "by-draw"),
    ):  # fmt: skip
        requirement = found.requirement(customer, step)
        assert (str(requirement.duty), bool(re.search("条", requirement.article))) == (duty, True)
    assert [found.mark_text(m) for m in ("identified", "inspected", "contract-uninspected")] == [
        "实名收寄", "收寄验视", "协议客户·未逐件验视",
    ]  # fmt: skip
    assert len(found.prohibited) == 19  # 18 groups, and the rest
    assert found.draw_rate == 100_000


def test_draw_keys_come_only_after_the_ledger_holds_the_commitment(
    authority: Authority, terminal: Terminal
) -> None:
    found, digest = publish_policy(authority, terminal, "--days", "3")
    assert len(found.commitments) == 4
    assert terminal.send(PolicyFacts(found.version, bytes(32))) == (0, None)
    with pytest.raises(queue.Empty):  # an entry for another policy of that number is no commitment
        terminal.next_of("draw", 1)
    assert terminal.send(PolicyFacts(found.version, digest)) == (0, None)
    keys = open_draw(authority, terminal, terminal.next_of("draw"))
    assert {day: draw.commitment(key) for day, key in keys.items()} == found.commitments


def test_a_day_keeps_its_key_through_versions(authority: Authority, terminal: Terminal) -> None:
    first, digest = publish_policy(authority, terminal, "--days", "2")
    second, _ = publish_policy(authority, terminal, "--days", "4")
    assert second.version == first.version + 1
    assert first.commitments.items() < second.commitments.items()
    terminal.send(PolicyFacts(first.version, digest))
    keys = open_draw(authority, terminal, terminal.next_of("draw"))
    assert keys.keys() == first.commitments.keys(), "later days wait for their own commitment"
    time.sleep(0.6)  # two rounds of `serve` looking for draws to release
    query = "SELECT count(*) FROM draw WHERE terminal = ? AND released IS NOT NULL"
    assert authority.rows(query, terminal.name) == [(1,)]


def test_draw_keys_are_another_terminals_to_nobody(
    authority: Authority, new_terminal: Callable[..., Terminal], terminal: Terminal
) -> None:
    other = new_terminal()
    other.publish("entry", EntryMessage(other.genesis, None, None).to_bytes())
    mine, _ = publish_policy(authority, terminal)
    theirs, _ = publish_policy(authority, other)
    assert not set(mine.commitments.values()) & set(theirs.commitments.values())


def test_draw_keys_come_again_when_the_terminal_comes_online(
    authority: Authority, terminal: Terminal
) -> None:
    found, digest = publish_policy(authority, terminal)
    terminal.send(PolicyFacts(found.version, digest))
    terminal.next_of("draw")
    terminal.publish("status", OFFLINE)
    terminal.publish("status", ONLINE)
    assert open_draw(authority, terminal, terminal.next_of("draw"))


def test_status_says_what_is_there_in_json(authority: Authority, terminal: Terminal) -> None:
    terminal.send(ClerkFacts("c-1", True))
    found = json.loads(authority.run("status", "--json"))
    own = next(t for t in found["terminals"] if t["terminal"] == terminal.name)
    assert own["chains"][0] == {
        "chain": terminal.chain.hex(), "state": "open", "next_seq": 2, "highest": 1,
    }  # fmt: skip
    number = authority.rows("SELECT max(id) FROM entry WHERE terminal = ?", terminal.name)[0][0]
    shown = json.loads(authority.run("show", str(number)))
    assert (shown["kind"], shown["facts"]) == ("clerk", {"2": "c-1", "3": True})


def test_leavers_are_published_whole_each_time(authority: Authority, terminal: Terminal) -> None:
    for clerks in (("clerk-01", "clerk-02"), ()):
        options = [word for clerk in clerks for word in ("--clerk", clerk)]
        authority.run("publish", "leavers", "--terminal", terminal.name, *options)
        found = documents.verify_leavers(terminal.next_of("leavers"), authority.policy_key)
        assert (found.terminal, found.clerks) == (terminal.name, clerks)


def test_agreements_come_from_a_file_with_days_categories_and_who_answers(
    authority: Authority, terminal: Terminal, tmp_path: Path
) -> None:
    file = tmp_path / "contracts.toml"
    file.write_text(
        '[[contract]]\nid = "C-9"\nfrom = 2026-01-01\nuntil = 2027-01-01\n'
        'categories = ["文具"]\nresponsible = "r-2"\n',
        "utf-8",
    )
    authority.run("publish", "contracts", "--terminal", terminal.name, "--file", str(file))
    found = documents.verify_contracts(terminal.next_of("contracts"), authority.policy_key)
    (agreed,) = found.contracts
    assert (agreed.id, agreed.categories, agreed.responsible) == ("C-9", ("文具",), "r-2")
    assert agreed.not_before == 1_767_196_800_000  # midnight of 2026-01-01 in UTC+8


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", "[[contract]]"),
        ("[[contract]]\nid = 'C-9'\n", "contract 1"),
        (
            "[[contract]]\nid = 'C'\nfrom = 2026-01-01\nuntil = 2027-01-01\ncolour = 1\n",
            "contract 1",
        ),
        ("[[contract]]\nid = 'C'\nfrom = 'x'\nuntil = 2027-01-01\n", "from and until"),
        ("[[contract]]\nid = 'C'\nfrom = 2027-01-01\nuntil = 2026-01-01\n", "ends before"),
        ("[[contract", "contracts.toml"),
    ],
)
def test_a_mistake_in_an_agreement_is_told_with_its_place_and_nothing_is_published(
    authority: Authority, terminal: Terminal, tmp_path: Path, text: str, place: str
) -> None:
    file = tmp_path / "contracts.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(AssertionError, match=re.escape(place)):
        authority.run("publish", "contracts", "--terminal", terminal.name, "--file", str(file))


def test_a_policy_may_begin_on_a_day_to_come(authority: Authority, terminal: Terminal) -> None:
    authority.run(
        "publish", "policy", "--terminal", terminal.name, "--draw-rate", "5", "--from", "2099-01-02"
    )
    found, _ = policy.verify(terminal.next_of("policy"), authority.policy_key)
    assert found.valid_from == 4_070_966_400_000  # midnight of 2099-01-02 in UTC+8
    assert found.valid_until > found.valid_from


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("typed_per_day = 20 ", "typed_per_month = 20 ", "typed_per_day is missing"),
        ("typed_per_day = 20 ", "colour = 3\ntyped_per_day = 20 ", "colour: no such setting"),
        ('duty = "by-draw"', 'duty = "perhaps"', "perhaps"),
        ('customer = "letter"\nstep = "inspect"\nduty = "exempt"',
         'customer = "letter"\nstep = "inspect"\nduty = "required"', "letter"),
        ("prompt = 5\nsecond = 20", "prompt = 50\nsecond = 20", "stricter answer"),
        ('mark = "typed"', 'mark = "typed"\nsize = 3', "marks 2: size"),
    ],
)  # fmt: skip
def test_a_changed_template_that_is_no_policy_is_not_published(  # noqa: PLR0917 - fixtures and a case
    authority: Authority, terminal: Terminal, tmp_path: Path, old: str, new: str, place: str
) -> None:
    assert old in template()
    file = tmp_path / "policy.toml"
    file.write_text(template().replace(old, new, 1), "utf-8")
    with pytest.raises(AssertionError, match=re.escape(place)):
        publish_policy(authority, terminal, "--file", str(file))
