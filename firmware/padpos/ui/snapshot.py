"""What the screen may know: the station's state, masked, as JSON values."""

from __future__ import annotations

from typing import Any

from padpos.counter.consignment import Consignment, Step, must, owed
from padpos.counter.marks import marks_of
from padpos.counter.masks import mask_address, mask_name, mask_phone
from padpos.counter.prepared import Prepared
from padpos.counter.reasons import words
from padpos.terminal.station import Station
from padpos.ui.batch_routes import batches_json
from padpos.wire.ids import is_training_terminal
from padpos.wire.personal import Document, Organisation, Party
from padpos.wire.policy import Policy

Json = dict[str, Any]


def snapshot(station: Station) -> Json:
    """The whole of what the clerk's screen shows. No whole name, number or phone is in it."""
    state, policy = station.state, station.standing.policy
    return {
        "terminal": station.config.terminal,
        "outlet": station.config.outlet,
        "training": is_training_terminal(station.config.terminal),
        "clerk": station.clerk,
        "technician": station.technician,
        "ready": station.standing.missing is None,
        "missing": station.standing.missing,
        "closed": _said(station.closed),
        "policy": policy.version if policy else None,
        "frozen": _said(station.frozen),
        "phase": str(state.phase),
        "step": str(station.step) if station.step else None,
        "busy": station.busy,
        "problem": _said(state.problem),
        "outcome": str(state.outcome) if state.outcome else None,
        "reason": _said(state.reason),
        "consignment": _consignment(state.consignment, policy),
        "visit": {"customer": state.visit.customer, "parcels": state.visit.parcels}
        if state.visit
        else None,
        "paper": {"waybill": state.paper.waybill, "generation": state.paper.generation}
        if state.paper
        else None,
        "entry": {"seq": station.last.seq, "hash": station.last.hash.hex()}
        if station.last
        else None,
        "milliseconds": station.stopwatch.steps(),
        "reader": {"connected": station.reader_present, "card": station.card_present},
        "batches": batches_json(station),
        "queue": {"entries": station.waiting.entries, "photos": station.waiting.attachments},
    }


def _consignment(consignment: Consignment | None, policy: Policy | None) -> Json | None:
    if consignment is None or policy is None:
        return None
    return {
        "id": consignment.id.hex(),
        "customer": consignment.customer,
        "contract": consignment.contract,
        "drawn": (consignment.draw.drawn or consignment.check_owed) if consignment.draw else None,
        "identify": must(consignment, Step.IDENTIFY, policy),
        "inspect": must(consignment, Step.INSPECT, policy),
        "owed": [str(step) for step in owed(consignment, policy)],
        "document": _document(consignment.document),
        "helper": _document(consignment.identity.helper),
        "organisation": _organisation(consignment.identity.organisation),
        "agreed": consignment.identity.agreed or consignment.look is not None,
        "attended": consignment.attended,
        "typed": bool(consignment.identity.shown) and not consignment.identity.by_chip,
        "notices": [_said(code) for code in consignment.notices],
        "unapproved": [_said(code) for code in consignment.unapproved],
        "categories": list(consignment.categories),
        "category": consignment.category,
        "parcel_of_visit": consignment.parcel_of_visit,
        "marks": [mark.mark for mark in marks_of(consignment, b"")],
        "photos": [photo.verdict for photo in consignment.photos],
        "row": _row(consignment.prepared),
        "sender": _party(consignment.sender),
        "recipient": _party(consignment.recipient),
        "contents": consignment.contents,
        "grams": consignment.grams,
        "times_today": consignment.times_today,
    }


def _document(document: Document | None) -> Json | None:
    if document is None:
        return None
    return {"type": document.type, "name": mask_name(document.name)}


def _row(prepared: Prepared | None) -> Json | None:
    if prepared is None:
        return None
    name, phone, address = prepared.recipient
    return {"number": prepared.row, "name": name, "phone": phone, "address": address}


def _organisation(organisation: Organisation | None) -> Json | None:
    return {"name": mask_name(organisation.name)} if organisation else None


def _party(party: Party | None) -> Json | None:
    if party is None:
        return None
    return {
        "name": mask_name(party.name),
        "phone": mask_phone(party.phone),
        "address": mask_address(party.address),
    }


def _said(code: str | None) -> Json | None:
    if code is None:
        return None
    chinese, english = words(code)
    return {"code": code, "zh": chinese, "en": english}
