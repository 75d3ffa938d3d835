"""Whether the counter may open a consignment now: signed documents in force, no freeze."""

from __future__ import annotations

from padpos.counter.errors import Invalid
from padpos.ledger.outbox import Waiting
from padpos.terminal.standing import Standing
from padpos.wire.policy import Policy

_HOUR_MS = 3_600_000


def admit(
    standing: Standing, waiting: Waiting, customer: str, contract: str | None, now: int
) -> None:
    """Raises Invalid, with the reason for the screen, where no consignment may be opened."""
    policy = standing.policy
    missing = standing.missing
    if missing is not None or policy is None:
        raise Invalid(
            f"no-{missing or 'policy'}",
            "终端尚未收到所需的签名文件。",
            f"This terminal has no signed {missing or 'policy'} document yet.",
        )
    if now < policy.valid_from:
        raise Invalid(
            "policy-not-yet-valid",
            "政策尚未生效。",
            "The policy is not in force yet: check the clock.",
        )
    keys = standing.keys
    if keys is None or not keys.not_before <= now < keys.not_after:
        raise Invalid(
            "keys-expired",
            "密钥不在有效期内，请联系监管平台。",
            "The key set is not valid now: the authority must publish a new one.",
        )
    _check_freeze(policy, waiting, now)
    contracts = standing.contracts
    known = contracts is not None and contracts.find(contract or "", now)
    if customer == "contract" and not known:
        raise Invalid("contract", "协议不存在或已失效。", "No such contract, or not valid now.")


def _check_freeze(policy: Policy, waiting: Waiting, now: int) -> None:
    # A policy past its time counts like a silent authority (formats §8).
    since = [policy.valid_until] if now > policy.valid_until else []
    since += [waiting.oldest] if waiting.oldest is not None else []
    age = now - min(since, default=now)
    if waiting.entries >= policy.freeze_count or age > policy.freeze_hours * _HOUR_MS:
        raise Invalid(
            "frozen",
            "长时间未收到监管回执，暂停收寄；请检查网络。",
            "Closed: too long without receipts from the authority. Check the network.",
        )
