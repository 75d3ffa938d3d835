"""The couriers' interface over HTTP."""

from __future__ import annotations

import json

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from padpos_services.safenumber.errors import Answer, Denied
from padpos_services.safenumber.resolve import Resolver

BODY_LIMIT = 4096


def application(resolver: Resolver) -> Starlette:
    """`POST /api/resolve` and `GET /healthz`."""

    async def resolve(request: Request) -> Response:
        text, waybill = _scans(await _body(request))
        authorization = request.headers.get("authorization", "")
        try:
            found = await run_in_threadpool(resolver.resolve, authorization, text, waybill)
        except Denied as denied:
            return _denied(denied.answer)
        answer = {
            "name": found.name,
            "address": found.address,
            "call": {"number": found.call.number, "extension": found.call.extension},
            "generation": found.generation,
        }
        return JSONResponse(answer, headers={"Cache-Control": "no-store"})

    async def health(_: Request) -> Response:
        return PlainTextResponse("ok")

    return Starlette(
        routes=[Route("/api/resolve", resolve, methods=["POST"]), Route("/healthz", health)]
    )


async def _body(request: Request) -> bytes:
    """The body, or nothing where it is longer than two scans can be."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_LIMIT:
            return b""
    return body


def _scans(body: bytes) -> tuple[object, object]:
    """Label and waybill as they came; whether they are any is the resolver's to say."""
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        return None, None
    if not isinstance(fields, dict):
        return None, None
    return fields.get("label"), fields.get("waybill")


def _denied(answer: Answer) -> Response:
    headers = {"Cache-Control": "no-store"}
    if answer is Answer.UNAUTHENTICATED:
        headers["WWW-Authenticate"] = "Bearer"
    body = {"error": answer.code, "zh": answer.chinese, "en": answer.english}
    return JSONResponse(body, answer.status, headers=headers)
