"""The screen's HTTP interface for batches: a file comes in, masked rows go out."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from padpos.batch.choice import written
from padpos.batch.table import MOST_BYTES
from padpos.counter.errors import CounterError
from padpos.counter.reasons import words
from padpos.ledger.batches import Line
from padpos.ledger.errors import LedgerError
from padpos.terminal.labels import masked_recipient
from padpos.terminal.station import Station
from padpos.ui.batch_commands import batch_id

MOST_LINES = 100
Json = dict[str, Any]


class BatchRoutes:
    """Over one station, for the clerk who is signed in."""

    def __init__(self, station: Station) -> None:
        self._station = station

    def routes(self) -> list[Route]:
        """A file to look through; a batch's rows."""
        return [
            Route("/api/batch", self._look, methods=["POST"]),
            Route("/api/batch/{batch}", self._lines),
        ]

    async def _look(self, request: Request) -> Response:
        # Another origin's form can't post this type unasked.
        if request.headers.get("content-type") != "application/octet-stream":
            return _refusal("request")
        if self._station.clerk is None:
            return _refusal("signed-out")
        data = bytearray()
        async for chunk in request.stream():
            data += chunk
            if len(data) > MOST_BYTES:
                return _refusal("batch-too-large")
        try:
            contract = request.query_params.get("contract", "")
            found = await self._station.importer.look(bytes(data), contract)
        except CounterError as error:
            return _said(error.code, error.chinese, error.english)
        except LedgerError as error:
            return _refusal(error.code)
        return JSONResponse({"ok": True, **found.as_dict()})

    async def _lines(self, request: Request) -> Response:
        if self._station.clerk is None:
            return _refusal("signed-out")
        try:
            batch = batch_id(request.path_params["batch"])
            after = int(request.query_params.get("after", "0"))
            lines = await self._station.batches.lines(batch, after, MOST_LINES)
            left = await self._station.batches.left(batch)
        except (CounterError, ValueError):
            return _refusal("batch-none")
        except LedgerError as error:
            return _refusal(error.code)
        return JSONResponse({"ok": True, "rows": list(map(_line, lines)), "left": written(left)})


def batches_json(station: Station) -> Json:
    """How the batches stand, for the snapshot."""
    importer, run = station.importer, station.batches
    file, progress = importer.file, importer.progress
    return {
        "file": {"contract": file.contract, "good": file.report.good, "faulty": file.report.faulty}
        if file
        else None,
        "progress": {"what": progress[0], "done": progress[1], "of": progress[2]}
        if progress
        else None,
        "running": run.running.id.hex() if run.running else None,
        "problem": _words(run.problem),
        "list": [
            {
                "id": state.id.hex(),
                "contract": state.contract,
                "imported": state.imported,
                "stage": state.stage,
                "left": state.left,
                "rows": state.rows,
            }
            for state in run.states
        ],
    }


def _words(code: str | None) -> Json | None:
    if code is None:
        return None
    chinese, english = words(code)
    return {"code": code, "zh": chinese, "en": english}


def _line(line: Line) -> Json:
    shown: Json = {"row": line.number, "waybill": line.waybill, "stage": line.stage}
    if line.shown is not None:
        (name, phone, address), contents = masked_recipient(line.shown)
        shown |= {"name": name, "phone": phone, "address": address, "contents": contents}
    return shown


def _refusal(code: str) -> Response:
    return _said(code, *words(code))


def _said(code: str, chinese: str, english: str) -> Response:
    return JSONResponse({"ok": False, "code": code, "zh": chinese, "en": english}, 409)
