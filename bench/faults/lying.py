"""A lying broker: it stands before the true one, with papers that make either end believe it."""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable, Sequence
from random import Random

from bench.faults import packets
from bench.faults.campaign import Fault
from bench.faults.lies import ALTERING, LIES, RATES, REMEMBERED, SLOW, USUAL_RATE, HungUp, Lie

from bench.faults.lies import Talk, Way, fits  # isort: skip
from bench.faults.packets import Packet, Publish, Type
from bench.faults.score import Progress, Score
from bench.faults.wire import Ends, Line, Wire, first_of
from bench.faults.world import GIVE_UP_SECONDS, World
from padpos.wire.keys import Signer


class Liar(Wire):
    """Speaks MQTT on both sides, honestly until it is told a lie to tell."""

    tls = True

    def __init__(self, ends: Ends, chance: Random, truth: Signer) -> None:
        self._lies: Sequence[Lie] = ()
        self._truth = truth
        self._said: dict[bool, deque[Publish]] = {
            down: deque(maxlen=REMEMBERED) for down in (False, True)
        }
        super().__init__(ends, chance)

    def tell(self, lies: Sequence[Lie], number: int) -> None:
        """Tell these lies, at random, so many times in all from now on."""
        self._lies = lies
        self.begin(number)

    async def carry(self, client: Line, broker: Line) -> bool:
        """Until one end closes; a client that is not answered ends it itself, or never."""
        talk = Talk(self.ends.client, self.chance, self._truth, self._said)
        up = asyncio.create_task(self._carry(client, Way(talk, broker, client, down=False)))
        down = asyncio.create_task(self._carry(broker, Way(talk, client, broker, down=True)))
        with contextlib.suppress(HungUp):
            await asyncio.wait((up, down), return_when=asyncio.FIRST_COMPLETED)
            if talk.silent:
                await asyncio.wait((up,))
        await first_of(up, down)
        return self.chance.random() < 0.2

    async def _carry(self, source: Line, way: Way) -> None:
        with contextlib.suppress(OSError, EOFError, HungUp):
            while True:
                packet = await packets.read(source.reader)
                if way.talk.silent:
                    if way.talk.pongs and packet.type == Type.PINGREQ:
                        way.answer(packets.PINGRESP)
                else:
                    self._hand_on(packet, way)
                await way.onward.writer.drain()

    def _hand_on(self, packet: Packet, way: Way) -> None:
        found = packets.published(packet) if packet.type == Type.PUBLISH else None
        if self.left > 0 and (lie := self._chosen(packet, way, found)) is not None:
            self.count()
            LIES[lie](way, packet, found or Publish("", None, b"", 0))
        else:
            way.send(packet.raw)
        if found is not None:
            self._said[way.down].append(found)

    def _chosen(self, packet: Packet, way: Way, found: Publish | None) -> Lie | None:
        lie = self.chance.choice(self._lies)
        due = self.chance.random() < RATES.get(lie, USUAL_RATE)
        return lie if due and fits(lie, way, packet, found) else None


SLOWLY = (Lie.HALF_OPEN, Lie.DEAF)


def lies(number: int, kinds: Sequence[Lie] = tuple(Lie)) -> list[Fault]:
    """So many lies of each kind, half of them to the uplink and half to the authority."""
    return [
        Fault(
            str(lie),
            _harm((lie,)),
            -(-number // SLOW) if lie in SLOWLY else number,
            lie in ALTERING,
        )
        for lie in kinds
    ]


def mixed(number: int) -> list[Fault]:
    """So many lies, of all kinds at once."""
    return [Fault("mixed", _harm(tuple(Lie)), number, alters=True)]


def _harm(kinds: Sequence[Lie]) -> Callable[[World, int, Random, Score], None]:
    def harm(world: World, number: int, _chance: Random, score: Score) -> None:
        progress = Progress(f"lies: {', '.join(kinds)}", number)
        liars = [wire for wire in world.wires.values() if isinstance(wire, Liar)]
        before = sum(liar.done for liar in liars)
        for liar, its in zip(liars, (number - number // 2, number // 2), strict=True):
            liar.tell(kinds, its)
        seen, since = 0, time.monotonic()
        while any(liar.left > 0 for liar in liars):
            time.sleep(0.05)
            score.tried = sum(liar.done for liar in liars) - before
            progress.at(score.tried, f", {world.heard()} appends reported")
            if score.tried != seen:
                seen, since = score.tried, time.monotonic()
            elif time.monotonic() - since > GIVE_UP_SECONDS:
                score.add("stuck", "nothing goes over the wire any more")
                break
        score.tried = sum(liar.done for liar in liars) - before

    return harm
