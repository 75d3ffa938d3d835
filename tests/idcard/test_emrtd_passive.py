"""Rule 5's ground for travel documents: signed only where the whole chain holds, each gap told."""

import subprocess
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from padpos_drivers.idcard.emrtd import csca
from padpos_drivers.idcard.emrtd.anchors import Anchors
from padpos_drivers.idcard.emrtd.csca import CscaUnreadable
from padpos_drivers.idcard.emrtd.errors import DocumentForged
from padpos_drivers.idcard.emrtd.passive import PIECES, authenticate
from padpos_drivers.idcard.emrtd.protocol import EmrtdProtocol
from padpos_drivers.idcard.emrtd.states import may_vouch
from padpos_drivers.idcard.interface import Evidence
from padpos_drivers.idcard.protocol import Finding
from padpos_drivers.idcard.sim.emrtd import issuer, lds
from padpos_drivers.idcard.sim.emrtd.chip import Chip
from padpos_drivers.idcard.sim.emrtd.der import integer, octets, oid, sequence, tlv
from padpos_drivers.idcard.sim.emrtd.travellers import TRAVELLERS
from tests.idcard.documents import CHINA, NOW, UTOPIA, YEAR, Document, protocol
from tests.idcard.openssl import OpensslState

LDS = "2.23.136.1.1.1"


def judged(document: Document, *states: issuer.State) -> Finding:
    """Read a document, trusting these states only."""
    chip = Chip(document.profile(pace=None))
    return protocol(*states).read(chip.answer, document.access)


def changed_name(files: Mapping[int, bytes]) -> bytes:
    """DG1 with another letter in the name, which no check digit covers."""
    return files[lds.DG1].replace(b"CESHI<<BING", b"CESHI<<DING")


def test_a_changed_dg1_is_forged() -> None:
    document = Document()
    forged = replace(document, changed={lds.DG1: changed_name(document.files())})
    with pytest.raises(DocumentForged) as caught:
        judged(forged, CHINA)
    assert caught.value.where == "DG1"


def test_a_changed_dg11_is_forged() -> None:
    document = Document()
    dg11 = document.files()[lds.DG11].replace("丙".encode(), "丁".encode())
    with pytest.raises(DocumentForged) as caught:
        judged(replace(document, changed={lds.DG11: dg11}), CHINA)
    assert caught.value.where == "DG11"


def test_data_changed_together_with_their_hashes_are_forged() -> None:
    document = Document()
    genuine = document.files()
    other = {**genuine, lds.DG1: changed_name(genuine)}
    del other[lds.SOD]
    signer = CHINA.signer()
    sod = issuer.security_object(genuine, signer, NOW)
    content = sod_content(genuine), sod_content(other)
    assert content[0] in sod
    mixed = sod.replace(content[0], content[1])
    changed = {lds.DG1: other[lds.DG1], lds.SOD: mixed}
    with pytest.raises(DocumentForged) as caught:
        judged(replace(document, changed=changed), CHINA)
    assert caught.value.where == "digest in EF.SOD"


def sod_content(files: Mapping[int, bytes]) -> bytes:
    """The hashes of the data groups as the SOD lists them."""
    hashes = [
        sequence(integer(group), octets(sha256(files[name]).digest()))
        for group, name in ((1, lds.DG1), (11, lds.DG11))
    ]
    algorithm = sequence(oid("2.16.840.1.101.3.4.2.1"))
    return sequence(integer(0), algorithm, sequence(*hashes))


def test_a_spoilt_signature_is_forged() -> None:
    document = Document()
    sod = bytearray(document.files()[lds.SOD])
    sod[-5] ^= 1
    with pytest.raises(DocumentForged) as caught:
        judged(replace(document, changed={lds.SOD: bytes(sod)}), CHINA)
    assert caught.value.where == "signature of EF.SOD"


def test_a_csca_of_the_same_name_with_another_key_proves_nothing() -> None:
    pretender = issuer.State("CN", now=NOW)
    finding = judged(Document(signer=pretender.signer()), CHINA)
    assert finding.proof == "chip"
    assert finding.unproven == (Evidence.ISSUER_SIGNATURE, Evidence.ISSUING_STATE)
    assert finding.document.as_dict() == Document().holder.expect


def test_without_certificates_of_the_operator_only_the_signer_is_proven() -> None:
    finding = judged(Document())
    assert finding.proof == "chip"
    assert finding.proven == (
        Evidence.BASIC_ACCESS,
        Evidence.DATA_HASHES,
        Evidence.SIGNER_SIGNATURE,
        Evidence.SIGNER_VALIDITY,
    )


@pytest.mark.parametrize(
    ("start", "end", "signed"),
    [(-5, -1, -2), (-1, 5, -2), (1, 5, 0)],
    ids=["expired since", "not yet valid when it signed", "not yet valid now"],
)
def test_a_signer_outside_its_time_is_told(start: int, end: int, signed: int) -> None:
    signer = CHINA.signer(start=NOW + start * YEAR, end=NOW + end * YEAR)
    finding = judged(Document(signer=signer, signed=NOW + signed * YEAR), CHINA)
    assert (finding.proof, finding.unproven) == ("chip", (Evidence.SIGNER_VALIDITY,))


def test_one_state_cannot_vouch_for_anothers_documents() -> None:
    finding = judged(Document(signer=UTOPIA.signer()), UTOPIA, CHINA)
    assert (finding.proof, finding.unproven) == ("chip", (Evidence.ISSUING_STATE,))


def test_a_document_without_a_sod_or_with_nonsense_in_it_is_not_proven() -> None:
    for sod in (None, tlv(0x77, b"\x30\x00"), tlv(0x77, bytes(99))):
        finding = judged(Document(changed={lds.SOD: sod}), CHINA)
        assert (finding.proof, finding.unproven) == ("chip", PIECES)


def test_letters_of_two_and_three_agree_where_one_state_is_meant() -> None:
    good = [("CN", "CHN"), ("hk", "CHN"), ("DE", "D"), ("GB", "GBN"), ("UN", "UNO"), ("FR", "FRA")]
    assert all(may_vouch(two, three) for two, three in good)
    bad = [("AT", "AUS"), ("CN", "FRA"), ("", "CHN"), ("CN", ""), ("CH", "CHN"), ("TW", "CHN")]
    assert not any(may_vouch(two, three) for two, three in bad)


def curve(name: str, encoding: str) -> tuple[str, ...]:
    """Options of openssl's genpkey for a key on a curve, named or spelt out."""
    named = ("-pkeyopt", f"ec_paramgen_curve:{name}")
    return ("-algorithm", "EC", *named, "-pkeyopt", f"ec_param_enc:{encoding}")


RSA = ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
PSS = ("-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_mgf1_md:sha512")


@pytest.mark.parametrize(
    ("options", "cms"),
    [
        (RSA, ()),
        (RSA, PSS),
        (curve("P-256", "named_curve"), ()),
        (curve("brainpoolP256r1", "named_curve"), ()),
        (curve("P-384", "explicit"), ()),
        (curve("brainpoolP256r1", "explicit"), ()),
        (curve("brainpoolP384r1", "explicit"), ()),
        (curve("brainpoolP512r1", "explicit"), ()),
    ],
    ids=["RSA", "PSS", "P-256", "bp256", "P-384*", "bp256*", "bp384*", "bp512*"],
)
def test_what_openssl_signed_is_believed_with_curves_by_name_or_spelt_out(
    tmp_path: Path, options: tuple[str, ...], cms: tuple[str, ...]
) -> None:
    state = OpensslState(tmp_path, options)
    files = lds.files(TRAVELLERS["外国护照"])
    sod = tlv(0x77, state.sign(LDS, sod_content(files), *cms))
    groups = {1: files[lds.DG1], 11: files[lds.DG11]}
    now = datetime.now(UTC)
    anchors = csca.load(state.root)
    assert authenticate(sod, groups, "UTO", anchors, now) == set(PIECES)
    assert authenticate(sod, groups, "UTO", Anchors(), now) == set(PIECES[:3])
    with pytest.raises(DocumentForged):
        authenticate(sod, {**groups, 1: files[lds.DG1] + b"\0"}, "UTO", anchors, now)


def test_sha_1_and_weak_keys_prove_nothing(tmp_path: Path) -> None:
    weak = ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024")
    state = OpensslState(tmp_path, weak)
    files = lds.files(TRAVELLERS["外国护照"])
    groups = {1: files[lds.DG1], 11: files[lds.DG11]}
    sod = tlv(0x77, state.sign(LDS, sod_content(files)))
    found = authenticate(sod, groups, "UTO", csca.load(state.root), NOW)
    assert found == {Evidence.DATA_HASHES}
    sha1 = tlv(0x77, state.sign(LDS, sod_content(files), "-md", "sha1"))
    assert authenticate(sha1, groups, "UTO", csca.load(state.root), NOW) == {Evidence.DATA_HASHES}


def test_certificates_come_from_a_master_list_a_folder_or_one_file(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "cn.pem").write_bytes(CHINA.pem)
    (tmp_path / "folder" / "both.pem").write_bytes(UTOPIA.pem + CHINA.pem)
    (tmp_path / "list.ml").write_bytes(UTOPIA.master_list((CHINA,)))
    (tmp_path / "one.der").write_bytes(CHINA.root.public_bytes(Encoding.DER))
    assert [len(csca.load(tmp_path / name)) for name in ("folder", "list.ml", "one.der")] == [
        3,
        2,
        1,
    ]
    (tmp_path / "folder" / "README").write_text("what is no certificate is left out")
    (tmp_path / "folder" / "old").mkdir()
    document = Document()
    for name in ("folder", "list.ml", "one.der"):
        reader = EmrtdProtocol(csca.load(tmp_path / name), lambda: NOW)
        chip = Chip(document.profile(pace=None))
        assert reader.read(chip.answer, document.access).proof == "chip-signed"


def test_a_master_list_from_openssl_is_read(tmp_path: Path) -> None:
    state = OpensslState(tmp_path, curve("P-256", "named_curve"))
    der = subprocess.run(
        ["openssl", "x509", "-in", state.root, "-outform", "DER"], check=True, capture_output=True
    ).stdout
    content = sequence(integer(0), tlv(0x31, der))
    (tmp_path / "list.ml").write_bytes(state.sign("2.23.136.1.1.2", content))
    assert len(csca.load(tmp_path / "list.ml")) == 1


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("empty", b"", "neither certificates nor"),
        ("text", b"hello", "neither certificates nor"),
        ("bad.pem", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "no CSCA"),
        ("sod", Document().files()[lds.SOD][4:], "neither certificates nor"),
        ("signer", CHINA.signer().certificate.public_bytes(Encoding.DER), "no CSCA"),
    ],
)
def test_a_file_of_another_kind_is_refused_by_name(
    tmp_path: Path, name: str, content: bytes, why: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CscaUnreadable, match=why) as caught:
        csca.load(tmp_path / name)
    assert name in str(caught.value)


def test_a_damaged_master_list_is_refused(tmp_path: Path) -> None:
    damaged = bytearray(CHINA.master_list())
    damaged[-3] ^= 1
    (tmp_path / "list.ml").write_bytes(damaged)
    with pytest.raises(CscaUnreadable, match="altered, or damaged"):
        csca.load(tmp_path / "list.ml")
    with pytest.raises(CscaUnreadable, match="No such file"):
        csca.load(tmp_path / "missing.ml")
