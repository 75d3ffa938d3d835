"""The courier: scans a burnt label's two codes, and asks the safe-number service."""

from __future__ import annotations

import asyncio
import http.client
import json
from pathlib import Path
from typing import Any

import zxingcpp
from PIL import Image

Json = dict[str, Any]
FORMATS = [zxingcpp.BarcodeFormat.Code128, zxingcpp.BarcodeFormat.QRCode]


def codes(png: Path) -> tuple[str, str] | None:
    """(label code's text, waybill number) as a scanner reads them off the paper."""
    with Image.open(png) as image:
        found = zxingcpp.read_barcodes(image.convert("L"), formats=zxingcpp.BarcodeFormats(FORMATS))
    texts = {code.format: code.text for code in found}
    waybill, label = (texts.get(one) for one in FORMATS)
    return (label, waybill) if label and waybill else None


def resolve(port: int, token: str, label: str, waybill: str) -> tuple[int, Json]:
    """Ask the service, as its HTTP interface says."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        body = json.dumps({"label": label, "waybill": waybill})
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        connection.request("POST", "/api/resolve", body, headers)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


async def opened(port: int, token: str, png: Path, seconds: float = 15.0) -> str:
    """What came of it: `opened`, or why not; waits while the feed has not named the label."""
    scanned = await asyncio.to_thread(codes, png)
    if scanned is None:
        return "unreadable"
    for _ in range(int(seconds / 0.2)):
        status, answer = await asyncio.to_thread(resolve, port, token, *scanned)
        if status == http.HTTPStatus.OK:
            return "opened" if answer.get("call") else "no-call"
        if answer.get("error") != "not-yet-recorded":
            return str(answer.get("error"))
        await asyncio.sleep(0.2)
    return "not-yet-recorded"
