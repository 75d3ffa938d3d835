"""Bad input to every parser of travel documents ends in our errors, which tell nothing of it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from padpos_drivers.idcard.emrtd.anchors import Anchors
from padpos_drivers.idcard.emrtd.cms import Malformed, raw
from padpos_drivers.idcard.emrtd.passive import PIECES, authenticate
from padpos_drivers.idcard.errors import IdCardError
from padpos_drivers.idcard.interface import Evidence
from padpos_drivers.idcard.sim.emrtd import lds
from tests.idcard.documents import CHINA, NOW, Document
from tests.idcard.fuzz import mutated
from tests.idcard.fuzz_emrtd import OWN_WORDS, TARGETS, guarded

SLOW = {"emrtd-files", "emrtd-changed"}


@pytest.mark.filterwarnings("ignore:Parsed a serial number")
@pytest.mark.parametrize("name", TARGETS)
def test_a_slice_of_the_campaign_stands(name: str) -> None:
    target = TARGETS[name]
    for data in mutated(target.seeds, 40 if name in SLOW else 400, seed=3):
        target.run(data)


@pytest.mark.parametrize("name", sorted(TARGETS.keys() - SLOW))
@given(data=st.binary(max_size=600))
@settings(max_examples=60)
def test_bytes_of_any_kind_stand(name: str, data: bytes) -> None:
    TARGETS[name].run(data)


@pytest.mark.parametrize("name", TARGETS)
def test_the_seeds_themselves_are_good_input(name: str) -> None:
    for data in TARGETS[name].seeds:
        TARGETS[name].run(data)
    assert TARGETS[name].seeds


def test_an_error_that_told_of_its_input_would_be_caught() -> None:
    def telling(data: bytes) -> None:
        raise IdCardError(f"name {data.decode()}")

    assert "ceshi" not in OWN_WORDS
    with pytest.raises(AssertionError):
        guarded(telling)(b"ceshi")


def altered_certificate(old: bytes, new: bytes) -> bytes:
    """A SOD in whose certificate the first such bytes are others, as the campaign found them."""
    sod = Document().files()[lds.SOD]
    start = sod.index(CHINA.root.subject.public_bytes())  # where the signer's issuer stands
    place = sod.index(old, start)
    return sod[:place] + new + sod[place + len(old) :]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"\x31\x0b\x30\x09", b"\x32\x0b\x30\x09"),  # an issuer that is not a name
        (b"\x13\x02CN", b"\x03\x02\x00N"),  # a country that is a bit string
    ],
)
def test_certificates_the_library_parses_only_when_asked_prove_nothing(
    old: bytes, new: bytes
) -> None:
    sod = altered_certificate(old, new)
    anchors = Anchors((CHINA.root,))
    assert authenticate(sod, {}, "CHN", anchors, NOW) in ({Evidence.DATA_HASHES}, set())
    assert len(PIECES) == 5


def test_an_element_with_a_tag_of_three_bytes_is_malformed() -> None:
    class Element:
        tag_bytes = b"\xff\xff\x7f"
        data = memoryview(b"")

    with pytest.raises(Malformed):
        raw(Element())  # type: ignore[arg-type]
