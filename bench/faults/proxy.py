"""A wire that is cut: TCP to the broker, broken off after so many bytes."""

import asyncio
import contextlib
import math

from bench.faults.wire import Line, Wire, first_of

LONGEST = 600_000  # bytes
CHUNK = 65536


class Proxy(Wire):
    """Carries bytes both ways; while cuts are left, it cuts each connection."""

    async def carry(self, client: Line, broker: Line) -> bool:
        """Carry until one end closes or the bytes are spent; half the cuts are resets."""
        budget = _Budget(int(math.exp(self.chance.uniform(0, math.log(LONGEST)))))
        await first_of(
            asyncio.create_task(self._carry(client, broker, budget)),
            asyncio.create_task(self._carry(broker, client, budget)),
        )
        return budget.spent and self.chance.random() < 0.5

    async def _carry(self, source: Line, sink: Line, budget: "_Budget") -> None:
        with contextlib.suppress(OSError):
            while data := await source.reader.read(CHUNK):
                if self.left > 0 and not budget.spent:
                    data = data[: budget.take(len(data))]
                sink.writer.write(data)
                await sink.writer.drain()
                if budget.spent:
                    self.count()
                    return


class _Budget:
    """The bytes that a connection may still carry, in both directions together."""

    def __init__(self, bytes_: int) -> None:
        self._left = bytes_

    @property
    def spent(self) -> bool:
        return self._left <= 0

    def take(self, wanted: int) -> int:
        taken = min(wanted, self._left)
        self._left -= taken
        return taken
