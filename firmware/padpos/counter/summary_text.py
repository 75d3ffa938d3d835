"""A day's or shift's summary as people and programs read it: the same sums everywhere."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from padpos.counter.reasons import words
from padpos.counter.summary import NOBODY, Summary, Sums, disagreements

LINES = (
    ("accepted", "收寄", "accepted"),
    ("voided", "作废", "voided"),
    ("net", "实收", "in the house"),
    ("refused", "拒收", "refused"),
    ("abandoned", "取消", "abandoned"),
    ("overridden", "复核放行", "let pass by a second clerk"),
    ("typed", "手工录入", "documents typed"),
    ("inspected", "验视", "inspected"),
    ("draws", "抽查摇号", "put to the draw"),
    ("drawn", "抽中", "accepted after a draw fell on them"),
    ("printed", "面单", "labels printed"),
    ("reprints", "补打", "of them printed again"),
    ("grams", "重量（克）", "grams"),
)
OWED = (
    ("checks", "待补抽查（协议数）", "contracts that owe a check"),
    ("labels", "未确认面单", "labels nobody has settled"),
    ("entries", "待回执记录", "entries without a receipt"),
    ("photos", "待回执照片", "photographs without a receipt"),
)


def as_json(found: Summary, title: str) -> dict[str, Any]:
    """For programs; hashes in hex. Nothing personal is in it."""
    return {
        "title": title,
        "first": found.first,
        "last": found.last,
        "head": found.head.hex(),
        "entries": found.kinds,
        "outlet": of(found.outlet),
        "clerks": {clerk: of(sums) for clerk, sums in found.clerks.items()},
        "customers": found.customers,
        "refusals": found.refusals,
        "owed": asdict(found.owed),
        "disagreements": list(disagreements(found)),
    }


def of(sums: Sums) -> dict[str, int]:
    """One person's sums, or the outlet's."""
    return {**asdict(sums), "net": sums.net}


def as_text(found: Summary, title: str) -> str:
    """For people, in Chinese and English."""
    lines = [f"{title}  记录 entries {found.first}-{found.last}  {found.head.hex()[:16]}"]
    lines += _block("网点 outlet", found.outlet)
    for clerk, sums in found.clerks.items():
        who = "无人登录 nobody" if clerk == NOBODY else clerk
        lines += _block(f"收寄员 clerk {who}", sums)
    lines += [_line(*words(reason), count) for reason, count in found.refusals.items()]
    lines.append("未结 owed")
    lines += [_line(zh, en, getattr(found.owed, name)) for name, zh, en in OWED]
    if wrong := disagreements(found):
        lines.append(f"!! 不符 does not add up: {', '.join(wrong)}")
    return "\n".join(lines)


def _block(title: str, sums: Sums) -> list[str]:
    values = of(sums)
    return [title, *(_line(zh, en, values[name]) for name, zh, en in LINES if values[name])]


def _line(chinese: str, english: str, count: int) -> str:
    return f"  {count:6}  {chinese} {english}"
