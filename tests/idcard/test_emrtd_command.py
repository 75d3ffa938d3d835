"""`padpos reader test` for passports: what was proven and what not, and never a person."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from padpos.cli import main
from padpos_drivers.idcard.emrtd.__main__ import main as csca_main
from padpos_drivers.idcard.sim.bench import READER_NAME, ReaderBench
from padpos_drivers.idcard.sim.emrtd import lds
from tests.idcard.documents import CHINA, UTOPIA, Document


def read(given: str, *options: str) -> Any:
    words = ["reader", "test", "--reader", READER_NAME, "--wait", "5", "--document", *options]
    return CliRunner().invoke(main, words, input=f"{given}\n")


@pytest.fixture
def csca(tmp_path: Path) -> Path:
    (tmp_path / "list.ml").write_bytes(CHINA.master_list((UTOPIA,)))
    return tmp_path / "list.ml"


@pytest.mark.parametrize("given", ["".join(lds.printed(Document().holder)), "190105"])
def test_a_passport_is_told_by_proof_and_mask_alone(
    bench: ReaderBench, csca: Path, given: str
) -> None:
    bench.lay_document(Document().profile())
    result = read(given, "--csca", str(csca))
    assert result.exit_code == 0, result.output
    assert "passport, chip-signed" in result.output
    assert "a root (CSCA) of yours vouches for the signer" in result.output
    assert "not proven" not in result.output
    holder = Document().holder
    for secret in (holder.number, holder.surname, holder.birth, holder.chinese_name, given):
        assert str(secret) not in result.output


def test_without_certificates_the_technician_sees_what_is_missing(bench: ReaderBench) -> None:
    bench.lay_document(Document().profile())
    result = read("EA0000017 010506 330214")
    assert result.exit_code == 0, result.output
    assert "passport, chip\n" in result.output
    assert result.output.count("not proven") == 2
    assert "that root is of the document's state" in result.output


def test_wrong_lines_and_useless_certificates_are_told(bench: ReaderBench, tmp_path: Path) -> None:
    bench.lay_document(Document().profile())
    result = read("EA0000018 010506 330214")
    assert (result.exit_code, "access-wrong" in result.output) == (1, True)
    (tmp_path / "text").write_text("hello")
    result = read("190105", "--csca", str(tmp_path / "text"))
    assert (result.exit_code, "neither certificates" in result.output) == (1, True)


def test_the_states_in_a_file_are_listed(csca: Path) -> None:
    result = CliRunner().invoke(csca_main, [str(csca)])
    assert result.exit_code == 0
    assert "CN  1 valid" in result.output
    assert "UT  1 valid" in result.output
    missing = CliRunner().invoke(csca_main, [str(csca.with_name("none"))])
    assert (missing.exit_code, "No such file" in missing.output) == (1, True)
