"""Promise: the entry key is in the TPM, nowhere else, and whatever stops it is called by its name.

The TPM is swtpm; it shares no code with the driver.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from tpm2_pytss import ESAPI
from tpm2_pytss.constants import (
    ESYS_TR,
    TPM2_ALG,
    TPM2_CAP,
    TPM2_CC,
    TPM2_HC,
    TPM2_PT,
    TPM2_RC,
    TPM2_SE,
    TPMA_OBJECT,
    TPMA_PERMANENT,
)
from tpm2_pytss.TSS2_Exception import TSS2_Exception
from tpm2_pytss.tsskey import TSSPrivKey
from tpm2_pytss.types import (
    TPM2B_DATA,
    TPM2B_PUBLIC,
    TPM2B_SENSITIVE_CREATE,
    TPMT_SYM_DEF,
    TPMT_SYM_DEF_OBJECT,
)

from padpos_drivers.tpm.errors import (
    TpmAbsent,
    TpmBusy,
    TpmCleared,
    TpmError,
    TpmForbidden,
    TpmForeign,
    TpmKeyDamaged,
    TpmLocked,
    TpmSilent,
)
from padpos_drivers.tpm.faults import meaning
from padpos_drivers.tpm.key import TpmKey, create_key
from padpos_drivers.tpm.keyfile import KeyFile

if TYPE_CHECKING:
    from tests.tpm.conftest import Tpm

MESSAGE = b"an entry"
PARENT = TPM2B_PUBLIC.parse(
    "ecc256:aes128cfb",
    objectAttributes=TPMA_OBJECT.RESTRICTED
    | TPMA_OBJECT.DECRYPT
    | TPMA_OBJECT.USERWITHAUTH
    | TPMA_OBJECT.SENSITIVEDATAORIGIN,
)


@pytest.fixture
def file(tpm: Tpm) -> KeyFile:
    return create_key(tpm.tcti)


@pytest.fixture
def key(file: KeyFile) -> Iterator[TpmKey]:
    with contextlib.closing(TpmKey(file, limit=1.0)) as made:
        yield made


@contextlib.contextmanager
def technician(tpm: Tpm) -> Iterator[Any]:
    """Somebody else at the TPM, with the whole of its interface."""
    with contextlib.closing(ESAPI(tpm.tcti)) as esapi:
        yield esapi


def clear(tpm: Tpm) -> None:
    with technician(tpm) as esapi:
        esapi.clear(ESYS_TR.LOCKOUT)


def loaded(tpm: Tpm) -> int:
    """How many objects lie in the TPM."""
    with technician(tpm) as esapi:
        _, found = esapi.get_capability(TPM2_CAP.HANDLES, TPM2_HC.TRANSIENT_FIRST, 16)
        return len(list(found.data.handles))


def check(key: TpmKey, signature: bytes, message: bytes = MESSAGE) -> None:
    point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), key.public)
    point.verify(signature, message, ec.ECDSA(hashes.SHA256()))


def test_what_the_tpm_signs_verifies_elsewhere(key: TpmKey) -> None:
    check(key, key.sign(MESSAGE))
    long = b"longer than any buffer of a TPM " * 10_000
    check(key, key.sign(long), long)


def test_every_key_is_another(tpm: Tpm, file: KeyFile) -> None:
    assert create_key(tpm.tcti).public != file.public


def test_the_key_was_made_in_the_tpm_and_may_only_sign(file: KeyFile) -> None:
    """Rule 1: whoever steals the files has nothing that signs."""
    area = TSSPrivKey.from_pem(file.key.encode()).public.publicArea
    bound = TPMA_OBJECT.FIXEDTPM | TPMA_OBJECT.FIXEDPARENT | TPMA_OBJECT.SENSITIVEDATAORIGIN
    assert area.objectAttributes & bound == bound
    assert area.objectAttributes & TPMA_OBJECT.SIGN_ENCRYPT
    assert not area.objectAttributes & (TPMA_OBJECT.DECRYPT | TPMA_OBJECT.RESTRICTED)
    assert area.parameters.eccDetail.scheme.scheme == TPM2_ALG.ECDSA


def handed_out(esapi: Any, parent: ESYS_TR, handle: ESYS_TR, session: ESYS_TR) -> bytes:
    """The private half in the clear, by TPM2_Duplicate without wrapping."""
    plain = TPMT_SYM_DEF_OBJECT(algorithm=TPM2_ALG.NULL)
    esapi.policy_restart(session)
    esapi.policy_command_code(session, TPM2_CC.Duplicate)
    _, private, _ = esapi.duplicate(handle, ESYS_TR.NULL, TPM2B_DATA(), plain, session1=session)
    esapi.flush_context(handle)
    esapi.flush_context(parent)
    return bytes(private)


def test_the_tpm_refuses_to_hand_the_key_out(tpm: Tpm, file: KeyFile) -> None:
    """Rule 1: not even whoever owns the TPM takes the key elsewhere; a key not so bound they do."""
    loose = TPMA_OBJECT.SIGN_ENCRYPT | TPMA_OBJECT.USERWITHAUTH | TPMA_OBJECT.SENSITIVEDATAORIGIN
    with technician(tpm) as esapi:
        session = esapi.start_auth_session(
            ESYS_TR.NONE, ESYS_TR.NONE, TPM2_SE.POLICY,
            TPMT_SYM_DEF(algorithm=TPM2_ALG.NULL), TPM2_ALG.SHA256,
        )  # fmt: skip
        esapi.policy_command_code(session, TPM2_CC.Duplicate)
        allowed = bytes(esapi.policy_get_digest(session))
        area = TPM2B_PUBLIC.parse("ecc256:ecdsa-sha256", objectAttributes=loose, authPolicy=allowed)
        parent, *_ = esapi.create_primary(TPM2B_SENSITIVE_CREATE(), PARENT)
        private, public, *_ = esapi.create(parent, TPM2B_SENSITIVE_CREATE(), area)
        handle = esapi.load(parent, private, public)
        assert len(handed_out(esapi, parent, handle, session)) > 64
        parent, *_ = esapi.create_primary(TPM2B_SENSITIVE_CREATE(), PARENT)
        handle = TSSPrivKey.from_pem(file.key.encode()).load(esapi)
        with pytest.raises(TSS2_Exception, match="policy check failed"):
            handed_out(esapi, parent, handle, session)


def test_another_program_reads_the_file_as_the_standard_has_it(tpm: Tpm, file: KeyFile) -> None:
    with technician(tpm) as esapi:
        handle = TSSPrivKey.from_pem(file.key.encode()).load(esapi)
        public, _, _ = esapi.read_public(handle)
        point = public.publicArea.unique.ecc
        assert (bytes(point.x) + bytes(point.y)).hex() == file.public[2:]


def test_nothing_is_left_in_the_tpm(tpm: Tpm, file: KeyFile) -> None:
    assert loaded(tpm) == 0
    for _ in range(5):
        with contextlib.closing(TpmKey(file)) as key:
            key.sign(MESSAGE)
    assert loaded(tpm) == 0


def test_a_tpm_that_was_cleared_no_longer_has_the_key(tpm: Tpm, file: KeyFile) -> None:
    """What a tamper switch will do: after it the files are worth nothing."""
    clear(tpm)
    with pytest.raises(TpmCleared):
        TpmKey(file).sign(MESSAGE)


def test_a_key_in_use_is_gone_with_the_clear(key: TpmKey) -> None:
    key.sign(MESSAGE)
    opened: Any = key._open
    opened.call(lambda loaded: loaded._esapi.clear(ESYS_TR.LOCKOUT))
    for _ in range(2):
        with pytest.raises(TpmCleared):
            key.sign(MESSAGE)


def test_another_tpm_is_told_from_a_cleared_one(new_tpm: Callable[[], Tpm], file: KeyFile) -> None:
    elsewhere = replace(file, tcti=new_tpm().tcti)
    with pytest.raises(TpmForeign):
        TpmKey(elsewhere).sign(MESSAGE)


def altered(pem: str, at: int) -> str:
    lines = pem.splitlines()
    line, column = 1 + at // 64, at % 64
    other = "A" if lines[line][column] != "A" else "B"
    lines[line] = lines[line][:column] + other + lines[line][column + 1 :]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("at", [2, 20, 28, 40, 60, 100, 175, 200, 300])
def test_a_file_altered_in_one_letter_signs_nothing(file: KeyFile, at: int) -> None:
    with pytest.raises(TpmKeyDamaged):
        TpmKey(replace(file, key=altered(file.key, at))).sign(MESSAGE)


def test_the_public_half_of_another_key_is_recognised(tpm: Tpm, file: KeyFile) -> None:
    other = create_key(tpm.tcti)
    with pytest.raises(TpmKeyDamaged):
        TpmKey(replace(file, public=other.public)).sign(MESSAGE)


@pytest.mark.parametrize("change", [{"tcti": 5}, {"public": "04"}, {"storage": "x"}, {"more": ""}])
def test_a_file_that_is_none_is_named(file: KeyFile, change: dict[str, Any]) -> None:
    table = json.loads(file.to_bytes()) | change
    assert KeyFile.from_bytes(file.to_bytes()) == file
    for data in (json.dumps(table).encode(), b"", b"[]", b"\xff", file.to_bytes()[:-9]):
        with pytest.raises(TpmKeyDamaged):
            KeyFile.from_bytes(data)


def test_a_tpm_pulled_out_is_missed_and_found_again(tpm: Tpm, key: TpmKey) -> None:
    key.sign(MESSAGE)
    tpm.pull()
    for _ in range(2):
        with pytest.raises(TpmAbsent):
            key.sign(MESSAGE)
    tpm.plug_in()
    check(key, key.sign(MESSAGE))


def test_a_restart_between_two_signatures_goes_unnoticed(tpm: Tpm, key: TpmKey) -> None:
    key.sign(MESSAGE)
    tpm.pull()
    tpm.plug_in()
    check(key, key.sign(MESSAGE))


def test_a_tpm_that_hangs_holds_nobody_up_for_long(tpm: Tpm, key: TpmKey) -> None:
    key.sign(MESSAGE)
    tpm.hang()
    for _ in range(3):
        with pytest.raises(TpmSilent):
            key.sign(MESSAGE)
    tpm.go_on()
    key._hung._thread.join(10)  # type: ignore[union-attr]  # it hung just now
    check(key, key.sign(MESSAGE))


def test_a_locked_tpm_still_signs(tpm: Tpm, key: TpmKey) -> None:
    """Wrong passwords for other keys of the TPM must not close the counter."""
    with technician(tpm) as esapi:
        esapi.dictionary_attack_parameters(0, 1000, 1000)  # no failure allowed: locked from now
        _, found = esapi.get_capability(TPM2_CAP.TPM_PROPERTIES, TPM2_PT.PERMANENT, 1)
        assert found.data.tpmProperties[0].value & TPMA_PERMANENT.INLOCKOUT
    check(key, key.sign(MESSAGE))


def test_an_owners_password_is_told_apart(tpm: Tpm, file: KeyFile) -> None:
    with technician(tpm) as esapi:
        esapi.hierarchy_change_auth(ESYS_TR.OWNER, b"somebody's")
    with pytest.raises(TpmForbidden):
        TpmKey(file).sign(MESSAGE)
    with pytest.raises(TpmForbidden):
        create_key(tpm.tcti)


def test_a_tpm_others_have_filled_is_busy_until_they_go(tpm: Tpm, file: KeyFile) -> None:
    with technician(tpm) as esapi, pytest.raises(TSS2_Exception) as full:
        for _ in range(16):
            esapi.create_primary(TPM2B_SENSITIVE_CREATE(), PARENT)
    assert full.value.rc == TPM2_RC.OBJECT_MEMORY
    assert loaded(tpm) > 1
    key = TpmKey(file)
    with pytest.raises(TpmBusy):
        key.sign(MESSAGE)
    tpm.pull()  # without a resource manager only a restart clears what others left
    tpm.plug_in()
    check(key, key.sign(MESSAGE))
    key.close()


@pytest.mark.parametrize(
    ("code", "error"),
    [  # TPM 2.0 Library part 2 §6.6.3, TSS 2.0 Overview: layers 10 (TCTI), 11 (resource manager)
        (0x00921, TpmLocked),
        (0xB0921, TpmLocked),
        (0x00922, TpmBusy),
        (0x009A2, TpmForbidden),
        (0xA000A, TpmAbsent),
        (0x00101, TpmError),
        (0x70001, TpmError),
    ],
)
def test_a_return_code_is_told_for_what_it_is(code: int, error: type[TpmError]) -> None:
    assert type(meaning(TSS2_Exception(code))) is error


def test_a_device_that_is_not_there_or_no_tcti_is_absent(tmp_path: Any) -> None:
    for tcti in (f"device:{tmp_path / 'tpmrm0'}", "no-such-tcti", "swtpm:host=127.0.0.1,port=1"):
        with pytest.raises(TpmAbsent):
            create_key(tcti)
