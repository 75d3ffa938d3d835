"""The simulator's own parser under noise: it may print rubbish, but it must go on."""

from hypothesis import given, settings
from hypothesis import strategies as st

from padpos_drivers.printer.sim.offline import burn
from padpos_drivers.printer.sim.realtime import RealTimeScanner

COMMANDS = st.sampled_from(
    [b"\x1b", b"\x1d", b"\x1c", b"\x10", b"\x1dv0\0", b"\x1b*", b"\x1d(", b"\x1dk", b"\x1dV", b"\n"]
)
NOISE = st.lists(st.one_of(COMMANDS, st.binary(max_size=8)), max_size=30).map(b"".join)


@settings(max_examples=200, deadline=None)
@given(NOISE)
def test_no_bytes_stop_the_interpreter(noise: bytes) -> None:
    for piece in burn(noise, 64, row_limit=3000):
        assert {len(row) for row in piece.rows} == {8}


@given(NOISE, st.integers(0, 100))
def test_packets_make_no_difference_to_real_time_commands(noise: bytes, cut: int) -> None:
    split, whole = RealTimeScanner(), RealTimeScanner()
    cut = min(cut, len(noise))

    found = [(f.kind, f.parameter) for f in split.feed(noise[:cut]) + split.feed(noise[cut:])]

    assert found == [(f.kind, f.parameter) for f in whole.feed(noise)]
