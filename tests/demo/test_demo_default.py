"""The default scenario on real parts: what it shows, and what it leaves behind."""

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import cbor2
import cwt
import pytest
import zxingcpp
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from PIL import Image
from pyzbar import pyzbar

from padpos.wire import label_code
from padpos.wire.errors import CannotOpen, WrongKey
from padpos.wire.keys import Alg, PublicKey, sealing_private, sealing_public
from padpos_services.demo import cards, once, scenario
from padpos_services.demo.search import search

pytestmark = pytest.mark.timeout(420)
Json = dict[str, Any]
FORMATS = [zxingcpp.BarcodeFormat.Code128, zxingcpp.BarcodeFormat.QRCode]


def accepted(summary: Json) -> list[Json]:
    return [item for item in summary["consignments"] if item["outcome"] == "accepted"]


def key_id(alg: int, public: bytes) -> bytes:
    """The id by formats §2, reckoned here by hand."""
    return hashlib.sha256(cbor2.dumps([alg, public])).digest()[:8]


def keys(path: Path) -> list[Json]:
    listed: list[Json] = json.loads(path.read_text())
    return listed


def test_every_consignment_of_the_scenario_ends_as_expected(summary: Json) -> None:
    wrong = {item["title"]: item["wrong"] for item in summary["consignments"] if item["wrong"]}
    assert wrong == {}
    assert len(summary["consignments"]) >= 8
    assert summary["ok"]


def test_every_accepted_consignment_has_a_receipt_and_the_outbox_is_empty(summary: Json) -> None:
    assert len(accepted(summary)) >= 5
    assert all(item["receipt"] is not None for item in accepted(summary))
    assert summary["outbox"] == []


def test_a_draw_decides_by_policy_alone_and_the_label_says_what_is_true(summary: Json) -> None:
    drawn = [item["drawn"] for item in summary["consignments"] if item["customer"] == "contract"]
    assert drawn == [False, True]


def test_a_torn_label_is_unknown_and_its_reprint_is_the_next_generation(summary: Json) -> None:
    """Rule 6: never silently none or two."""
    torn = next(item for item in summary["consignments"] if "paper out" in item["title"])
    assert [(label["generation"], label["status"]) for label in torn["labels"]] == [
        (1, "unknown"),
        (2, "printed"),
    ]


@pytest.mark.parametrize("library", ["zbar", "zxing-cpp"])
def test_a_burnt_label_decodes_to_its_waybill_and_a_label_code(
    out: Path, summary: Json, library: str
) -> None:
    for item in accepted(summary):
        with Image.open(out / item["labels"][-1]["png"]) as image:
            grey = image.convert("L")
        found = (
            {code.data.decode() for code in pyzbar.decode(grey)}
            if library == "zbar"
            else {code.text for code in zxingcpp.read_barcodes(grey, formats=FORMATS)}
        )
        assert item["waybill"] in found
        texts = found - {item["waybill"]}
        assert len(texts) == 1
        assert len(label_code.from_text(texts.pop())) in label_code.CODE_SIZES


def test_the_carriers_label_key_opens_a_label_and_no_other_key_does(
    out: Path, summary: Json
) -> None:
    item = accepted(summary)[0]
    with Image.open(out / item["labels"][-1]["png"]) as image:
        codes = zxingcpp.read_barcodes(image.convert("L"), formats=FORMATS)
    text = next(code.text for code in codes if code.text != item["waybill"])
    private = next(
        key for key in keys(out / "private-keys/safenumber.json") if key["use"] == "label"
    )
    secret = bytes.fromhex(private["private"])
    code = label_code.from_text(text)
    key = sealing_public(Alg.LABEL, secret)
    plain = label_code.open_code(code, key, sealing_private(Alg.LABEL, secret))
    assert (plain.waybill, plain.generation) == (item["waybill"], 1)
    others = sealing_public(Alg.LABEL, bytes(32))
    with pytest.raises(WrongKey):
        label_code.open_code(code, others, sealing_private(Alg.LABEL, bytes(32)))
    with pytest.raises(CannotOpen):
        label_code.open_code(code, key, sealing_private(Alg.LABEL, bytes(32)))


def test_a_courier_opened_every_newest_label_at_the_service(summary: Json) -> None:
    assert {item["courier"] for item in accepted(summary)} == {"opened"}


def test_an_independent_cose_library_verifies_entries_under_the_terminals_certificate(
    out: Path,
) -> None:
    certificate = x509.load_pem_x509_certificate((out / "certificates/entry.pem").read_bytes())
    point = certificate.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    pem = (out / "certificates/entry.pem").read_text()
    key = cwt.COSEKey.from_pem(pem, alg="ESP256", kid=key_id(-9, point))
    aad = cbor2.dumps(["padpos", 1, "entry"])
    messages = sorted((out / "uploaded").glob("*-entry.cbor"))
    assert len(messages) > 20
    for path in messages:
        entry = cbor2.dumps(cbor2.loads(path.read_bytes())[0])
        payload = cwt.COSE.new().decode(entry, key, external_aad=aad)
        assert cbor2.loads(payload)[2] == "pad-demo-01"


def test_an_independent_cose_library_verifies_receipts_under_the_receipt_key(out: Path) -> None:
    public = next(key for key in keys(out / "public-keys/keys.json") if key["use"] == "receipt")
    pem = (out / "public-keys/receipt.pem").read_text()
    kid = key_id(-19, bytes.fromhex(public["public"]))
    key = cwt.COSEKey.from_pem(pem, alg="Ed25519", kid=kid)
    receipts = sorted((out / "receipts").glob("*.cbor"))
    assert receipts
    for path in receipts:
        payload = cwt.COSE.new().decode(
            path.read_bytes(), key, external_aad=cbor2.dumps(["padpos", 1, "receipt"])
        )
        assert cbor2.loads(payload)[2] == "pad-demo-01"


def texts_of_the_default_scenario() -> set[str]:
    known = cards.load(cards.packaged())
    texts = set[str]()
    for play in scenario.load(scenario.DEFAULT, known).plays:
        texts |= {play.recipient.phone, play.recipient.address, play.sender.phone}
        texts |= {play.sender.name, play.sender.address}
        for card in play.cards:
            texts |= once.card_texts(card.image)
    named = json.loads(cards.packaged().read_text("utf-8"))["cards"]
    for card in named:
        texts |= {card["expect"]["name"], card["expect"]["number"]}
        texts |= {card["expect"].get("address", "")}
    texts |= {"样例街88号", "2栋101室", "示范村3组9号", "1号303室"}
    return texts - {""}


def test_nothing_the_demo_leaves_behind_holds_anything_personal(out: Path) -> None:
    """Rule 1: sealed before it touches a disk, a socket, a log or a printer."""
    assert search(out, texts_of_the_default_scenario()) == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "gb18030"])
def test_the_search_finds_a_planted_address_in_each_encoding(
    out: Path, tmp_path: Path, encoding: str
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(out / "logs", copy)
    planted = "湖南省永州市零陵区样例街88号"
    with (copy / "terminal.log").open("ab") as log:
        log.write(b"x" + planted.encode(encoding))
    assert (copy / "terminal.log", encoding) in search(copy, texts_of_the_default_scenario())


def test_the_counter_sees_loopback_only_and_the_uplink_opens_no_ledger(summary: Json) -> None:
    """Rule 7: two houses, two users; the one that sees plaintext has no network."""
    counter, uplink = summary["houses"]["terminal"], summary["houses"]["uplink"]
    assert counter["interfaces"] == ["lo"]
    assert counter["user"] != uplink["user"]
    assert any("ledger.sqlite" in file for file in counter["files"])
    assert not any(file.startswith("counter/") for file in uplink["files"])


def test_the_uplink_imports_no_driver_and_no_database() -> None:
    """Rule 7: it could not open a ledger or a device if it wanted to."""
    script = "import sys, padpos.uplink.main; print('\\n'.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    loaded = done.stdout.split()
    assert "padpos.uplink.forwarder" in loaded
    assert not [name for name in loaded if name.startswith(("padpos_drivers", "apsw", "smartcard"))]
    assert not [name for name in loaded if name.startswith(("padpos.ledger", "padpos.counter"))]


def test_no_label_was_intended_before_its_entry(out: Path, summary: Json) -> None:
    """Rule 2: durable before paper. The chain itself shows the order."""
    ids = [item["seq"] for item in accepted(summary)]
    first_label: dict[bytes, int] = {}
    for path in sorted((out / "uploaded").glob("*-entry.cbor")):
        entry = cbor2.loads(cbor2.loads(path.read_bytes())[0].value[2])
        if entry[7] == "label":
            first_label.setdefault(entry[8][1], entry[3])
        if entry[7] == "consignment":
            assert entry[8][1] not in first_label or first_label[entry[8][1]] > entry[3]
    assert len(first_label) == len(ids)


def test_purged_entries_keep_their_hash_and_lose_their_envelopes(out: Path) -> None:
    """Rule 3: the demo's terminal holds no sealed byte any more, each being receipted."""
    import sqlite3

    ledger = sqlite3.connect(out / "counter/state/ledger.sqlite")
    left = ledger.execute(
        "SELECT count(*) FROM entries WHERE sealed IS NOT NULL OR receipted IS NULL"
    ).fetchone()
    assert left == (0,)
    assert list((out / "counter/state/attachments").iterdir()) == []


def test_private_and_public_keys_under_out_belong_together(out: Path) -> None:
    public = {key["key_id"] for key in keys(out / "public-keys/keys.json")}
    upload = next(key for key in keys(out / "private-keys/opening.json") if key["use"] == "upload")
    made: PublicKey = sealing_public(Alg(upload["alg"]), bytes.fromhex(upload["private"]))
    assert made.id.hex() in public


def test_every_path_that_the_summary_names_is_there_and_relative(out: Path, summary: Json) -> None:
    for path in summary["paths"].values():
        assert not Path(path).is_absolute()
        assert (out / path).exists(), path


def test_the_summary_gives_the_machine_time_of_a_walk_in(summary: Json) -> None:
    assert {"identify", "inspect", "first-byte", "print", "machine"} <= summary["figures"].keys()
