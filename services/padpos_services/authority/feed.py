"""The feed over HTTP: signed pages of verified labels, voids and carrier Envelopes."""

from __future__ import annotations

import hmac
import json
import sqlite3

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from padpos.wire.feed import MOST_ITEMS, Feed, FeedItem, FeedKind
from padpos.wire.keys import Signer
from padpos_services.authority import store
from padpos_services.authority.home import Home

PAGE_BYTES = 900 << 10  # below the format's 1 MiB, leaving room for heads and signature
_ITEM_OVERHEAD = 96


def page(database: sqlite3.Connection, carrier: str, after: int) -> Feed:
    """The items behind position `after`, as many as a page holds."""
    rows = database.execute(
        "SELECT feed.position, feed.kind, feed.terminal, feed.consignment, entry.raw,"
        " envelope.body FROM feed JOIN entry ON entry.id = feed.entry"
        " LEFT JOIN envelope ON envelope.sha256 = entry.carrier"
        " WHERE feed.position > ? ORDER BY feed.position LIMIT ?",
        (after, MOST_ITEMS),
    )
    items: list[FeedItem] = []
    size = 0
    for row in rows:
        kind = FeedKind(row["kind"])
        body = bytes(row["body"] if kind is FeedKind.CARRIER else row["raw"])
        size += len(body) + _ITEM_OVERHEAD
        if size > PAGE_BYTES:
            break
        items.append(
            FeedItem(row["position"], row["terminal"], kind, bytes(row["consignment"]), body)
        )
    return Feed(carrier, after, tuple(items))


def carrier_name(home: Home) -> str:
    """The carrier whose keys were taken in; empty before that."""
    try:
        listed = json.loads(home.carrier_keys.read_text())
    except OSError:
        return ""
    return str(listed[0].get("carrier", "")) if listed else ""


def application(home: Home, signer: Signer) -> Starlette:
    """`GET /feed?after=N` with the feed's bearer token."""
    token = home.feed_token.read_text().strip()
    expected = f"Bearer {token}".encode()

    def feed(request: Request) -> Response:
        given = request.headers.get("authorization", "").encode()
        if not hmac.compare_digest(given, expected):
            return PlainTextResponse("the feed needs its bearer token", 401)
        after = request.query_params.get("after", "0")
        if not (after.isascii() and after.isdecimal() and len(after) < 19):
            return PlainTextResponse("after: a position, 0 for the beginning", 400)
        database = store.connect(home.database)
        try:
            raw = page(database, carrier_name(home), int(after)).sign(signer).raw
        finally:
            database.close()
        return Response(raw, media_type="application/cbor")

    def health(_: Request) -> Response:
        return PlainTextResponse("ok")

    return Starlette(routes=[Route("/feed", feed), Route("/healthz", health)])
