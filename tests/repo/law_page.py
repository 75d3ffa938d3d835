"""docs/law.md: the packaged policy as tables, and what the code makes of it.

`python -m tests.repo.law_page` prints the page, `--write` puts it in its place. What a policy has
no say in is asked of `padpos.counter.consignment.owed` itself, with a consignment to hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import click

from padpos.counter.consignment import Consignment, Identity, Step, may_photograph, owed
from padpos.wire.fact_values import STEPS_OF, Drawn
from padpos.wire.policy import Duty, Limit, Policy
from tests.repo.flow_diagram import CUSTOMERS, NOW, PAPER, YOUNG_PAPER, packaged_policy

PAGE = Path(__file__).parents[2] / "docs" / "law.md"
CHINESE = {
    "walk-in": "散单", "contract": "协议客户", "agent": "代寄", "organisation": "单位",
    "letter": "信件", "self-service": "自助",
}  # fmt: skip
ASKED = tuple(step for step in Step if step is not Step.CONFIRM)


def fresh(customer: str) -> Consignment:
    """A consignment just opened; a contract's draw has spared it."""
    contract = customer == "contract"
    spared = Drawn("2026-01-01", 1, drawn=False) if contract else None
    return Consignment(bytes(16), customer, "C-1001" if contract else None, NOW, draw=spared)


def cell(customer: str, step: Step, policy: Policy) -> str:
    """What that class owes at that step, by policy or by the code alone."""
    if step in STEPS_OF[customer]:
        requirement = policy.requirement(customer, str(step))
        doubt = "" if requirement.sure else " †"
        rests = f" ({requirement.article})" if requirement.duty is not Duty.REQUIRED else ""
        return f"{str(requirement.duty).replace('-', ' ')}{rests}{doubt}"
    return (
        "required" if step in owed(fresh(customer), policy) else conditional(customer, step, policy)
    )


def conditional(customer: str, step: Step, policy: Policy) -> str:
    """When a step that is not owed from the start comes to be owed, tried out."""
    if step is Step.DRAW and customer == "contract":
        return "required, by the terminal"
    identified = replace(fresh(customer), identity=Identity(document=PAPER, reading="chip"))
    child = replace(fresh(customer), identity=Identity(document=YOUNG_PAPER, reading="chip"))
    suspect = replace(fresh(customer), concerns=("typed",))
    for held, when in (
        (identified, "once a document is shown"),
        (child, f"under {policy.guardian_under}"),
        (suspect, "typed, or at a limit"),
    ):
        if step in owed(held, policy) and when_possible(customer, step, policy):
            return when
    return "–"


def when_possible(customer: str, step: Step, policy: Policy) -> bool:
    """A class that shows no document never comes to what hangs on one."""
    shows = any(
        policy.requirement(customer, s).duty is not Duty.EXEMPT
        for s in STEPS_OF[customer]
        if s in (Step.IDENTIFY, Step.AGENT)
    )
    return shows or step is Step.APPROVE


def classes(policy: Policy) -> Iterator[str]:
    """One row a step, one column a class."""
    yield "| step | " + " | ".join(f"{c} {CHINESE[c]}" for c in CUSTOMERS) + " |"
    yield "|---" * (len(CUSTOMERS) + 1) + "|"
    for step in ASKED:
        yield f"| {step} | " + " | ".join(cell(c, step, policy) for c in CUSTOMERS) + " |"
    photo = "may" if may_photograph(fresh("walk-in")) else "never"
    cells = ["never" if not may_photograph(fresh(c)) else photo for c in CUSTOMERS]
    yield "| be photographed | " + " | ".join(cells) + " |"


def articles(policy: Policy) -> Iterator[str]:
    """What every requirement rests on."""
    for r in policy.requirements:
        yield f"| {r.customer} | {r.step} | {r.duty} | {r.article} | {yes(r.sure)} |"


def yes(sure: bool) -> str:
    """Whether the law is sure."""
    return "yes" if sure else "no †"


def limits(policy: Policy) -> Iterator[str]:
    """From which count on what happens."""
    for limit in policy.limits:
        yield f"| {limit.subject} | {' | '.join(counts(limit))} |"


def counts(limit: Limit) -> tuple[str, ...]:
    """The three counts of a limit."""
    return tuple("–" if n is None else str(n) for n in (limit.prompt, limit.second, limit.refuse))


def page() -> str:
    """The whole of docs/law.md."""
    policy = packaged_policy()
    return _PAGE.format(
        classes="\n".join(classes(policy)),
        articles="\n".join(articles(policy)),
        documents="\n".join(
            f"| `{c.code}` | {c.chinese} | {c.english} | {c.number} | {'yes' if c.typed else '–'} |"
            for c in policy.document_classes
        ),
        limits="\n".join(limits(policy)),
        switches="\n".join(
            f"| {s.choice} | {'on' if s.on else 'off'} | {s.article} | {yes(s.sure)} |"
            for s in policy.switches
        ),
        marks="\n".join(f"| {m.mark} | {m.text} | {m.region or 'all'} |" for m in policy.marks),
        goods="\n".join(f"| {g.code} | {g.chinese} | {g.english} |" for g in policy.prohibited),
        p=policy,
        minutes=policy.visit_seconds // 60,
    )


_PAGE = """\
# The law of the counter

What the packaged policy demands, drawn by `python -m tests.repo.law_page --write`; a test compares.
The policy is data: `padpos-authority policy-template` prints it, and what you change in it you
publish with `padpos-authority publish policy --file`. A † stands where the text of the law was not
read in full, or leaves the matter open: there it is the carrier's choice, and a lawyer should look
before a counter opens. Nothing here is legal advice.

## Customer class × step 客户类别与步骤

*required* 必须; *exempt* 免除, with its article; *by draw* 抽查: when the draw falls on the parcel,
or an earlier one is still owed. How the steps follow one another: [the flow](flow.md).

{classes}

A letter is never photographed: what is written in it is nobody's to look at (邮政法第二十五条), and
no policy may demand it. At a kiosk a photograph alone is no inspection: a clerk looks at sender,
document and open parcel, and signs with clerk id and PIN.

## What each duty rests on 依据

| class | step | duty | article | sure |
|---|---|---|---|---|
{articles}

## Documents 证件

`number`: *citizen* is checked by GB 11643 against date of birth and sex, *gb11643* against the
date of birth, *free* not at all. A typed document needs a reason, a second clerk, and one of the
{p.typed_per_day} typings of the day; the label says 证件手工录入 and never 实名收寄.

| code | 中文 | English | number | may be typed |
|---|---|---|---|---|
{documents}

Whoever is under {p.guardian_under} sends with a guardian, who shows a document too; guardians,
agents and those who answer for an organisation are {p.adult_at} or older. One reading of a card
serves the parcels of its visit, as long as it lies there and at most {minutes} minutes.

## Limits of a day 当日次数

No law names these numbers. A count includes the parcel in hand. *document*: parcels of one document
here; *clerks-own*: 1 where it is a clerk's; the others are what one clerk did.

| subject | prompt from | second clerk from | refused from |
|---|---|---|---|
{limits}

Without receipts for {p.freeze_hours} hours, or with {p.freeze_count} entries that hold none, the
counter opens no consignment; it thaws by itself. A policy past its end counts like a silent
authority.

## Choices 选择

| choice | by default | article | sure |
|---|---|---|---|
{switches}

## Marks 标识

| mark | wording | region |
|---|---|---|
{marks}

## Prohibited goods 禁止寄递物品

禁止寄递物品管理规定, the 18 groups of its list, and the rest. A refusal may name its group.

| group | 中文 | English |
|---|---|---|
{goods}

## Sources 来源

* 快递暂行条例: the text of 2019 was read; the articles are numbered as in the revision of 2025, of
  which only an article map was at hand.
* 邮政法, 反恐怖主义法, 个人信息保护法: the articles named above were read.
* 邮件快件实名收寄管理办法 (Ministry of Transport Order 24 of 2018): articles 1 to 3 and the
  official summary.
* 快递市场管理办法 (Order 22 of 2023) was read; true weight and both addresses on the waybill
  rest on it, not on this policy.
* 禁止寄递物品管理规定 (2016): articles 1 to 7, and the list as contracts reproduce it.
* GB 11643 (citizens' numbers), GB 32100 (unified social credit codes).
"""


@click.command(help=__doc__)
@click.option("--write", is_flag=True, help="Write docs/law.md instead of printing it.")
def main(write: bool) -> None:
    if write:
        PAGE.write_text(page(), "utf-8")
    else:
        click.echo(page(), nl=False)


if __name__ == "__main__":
    main()
