"""Rules of the package that no single behaviour shows."""

import ast
from collections.abc import Iterator
from pathlib import Path

import padpos_drivers.idcard
from padpos_drivers.idcard import errors

PACKAGE = Path(padpos_drivers.idcard.__file__).parent


def imports(path: Path) -> Iterator[str]:
    """Yield the modules a file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "imports are absolute"
            yield from (f"{node.module}.{name.name}" for name in node.names)


def test_the_simulator_and_the_driver_share_no_code() -> None:
    ours, sim = "padpos_drivers.", "padpos_drivers.idcard.sim."
    for path in PACKAGE.rglob("*.py"):
        of_sim = path.is_relative_to(PACKAGE / "sim")
        for module in imports(path):
            if module.startswith(ours):
                assert (f"{module}.").startswith(sim) == of_sim, f"{path.name} imports {module}"


def test_pyscard_is_used_in_one_file_only() -> None:
    users = {
        path.name
        for path in PACKAGE.rglob("*.py")
        if any(module.split(".")[0] == "smartcard" for module in imports(path))
    }
    assert users == {"pcsc.py"}


def test_every_error_has_a_code_of_its_own() -> None:
    kinds = [
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.IdCardError)
    ]
    codes = [kind.code for kind in kinds]
    assert len(set(codes)) == len(kinds) > 10
    assert all(code == code.lower().replace("_", "-") for code in codes)
    assert all(str(kind()) == kind.advice for kind in kinds)
