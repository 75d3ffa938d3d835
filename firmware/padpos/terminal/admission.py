"""Whether the counter may open a consignment now: the signed documents are in force."""

from __future__ import annotations

from padpos.counter.errors import Invalid
from padpos.terminal.standing import Standing


def admit(standing: Standing, customer: str, contract: str | None, now: int) -> tuple[str, ...]:
    """The categories of goods a contract's agreement is for, none for any.

    Raises Invalid, with the reason for the screen, where no consignment may be opened.
    """
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
    if customer != "contract":
        return ()
    agreement = standing.contracts.find(contract or "", now) if standing.contracts else None
    if agreement is None:
        raise Invalid("contract", "协议不存在或已失效。", "No such contract, or not valid now.")
    return agreement.categories
