"""What an accepted consignment says openly, and what its label must not say."""

from __future__ import annotations

from dataclasses import dataclass

from padpos import __version__
from padpos.counter.consignment import Consignment, Step, must
from padpos.wire.fact_values import STEPS_OF, Exemption, Helper, Mark
from padpos.wire.facts import ConsignmentFacts
from padpos.wire.policy import Policy


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Under which number, where and by whom it was accepted."""

    waybill: str
    outlet: str
    clerk: str


def facts_of(
    consignment: Consignment,
    policy: Policy,
    circumstances: Circumstances,
    marks: tuple[Mark, ...],
    durations: tuple[tuple[str, int], ...],
) -> ConsignmentFacts:
    """What may be counted of an accepted consignment without opening anything."""
    identity = consignment.identity
    return ConsignmentFacts(
        consignment=consignment.id,
        waybill=circumstances.waybill,
        outlet=circumstances.outlet,
        clerk=circumstances.clerk,
        customer=consignment.customer,
        contract=consignment.contract,
        document_class=consignment.document.type if consignment.document else None,
        reading=consignment.reading,
        policy=policy.version,
        exemptions=_exemptions(consignment, policy),
        marks=marks,
        verdicts=tuple(photo.verdict for photo in consignment.photos),
        grams=consignment.grams or 0,
        from_scale=consignment.from_scale,
        draw=consignment.draw,
        times_today=consignment.times_today,
        clerks_own=identity.clerks_own,
        software=__version__,
        durations=durations,
        helper=_helper(consignment),
        agreed=identity.agreed or consignment.look is not None,
        approvals=consignment.approvals,
        look=consignment.look,
        parcel_of_visit=consignment.parcel_of_visit,
        category=consignment.category,
        typed_reason=identity.typed_reason,
    )


def _exemptions(consignment: Consignment, policy: Policy) -> tuple[Exemption, ...]:
    return tuple(
        Exemption(step, policy.requirement(consignment.customer, step).article)
        for step in STEPS_OF[consignment.customer]
        if not must(consignment, Step(step), policy)
    )


def _helper(consignment: Consignment) -> Helper | None:
    identity = consignment.identity
    if identity.helper is None:
        return None
    return Helper(str(identity.role), identity.helper.type, identity.helper_reading)


def plain_texts(consignment: Consignment) -> tuple[str, ...]:
    """What the label must not show of anybody."""
    texts = [
        text
        for party in (consignment.sender, consignment.recipient)
        if party
        for text in (party.name, party.phone, party.address)
    ]
    for document, _ in consignment.identity.shown:
        texts += [document.number, document.name, document.address or ""]
    if consignment.identity.organisation:
        texts += [consignment.identity.organisation.name, consignment.identity.organisation.code]
    return tuple(text for text in texts if text)
