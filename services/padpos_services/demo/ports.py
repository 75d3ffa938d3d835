"""Free loopback ports for servers that are about to start."""

from __future__ import annotations

import random
import socket
from itertools import count, islice


def free_ports(number: int) -> list[int]:
    """Ports that nobody has now.

    They lie below the range from which the kernel takes ports for outgoing connections, so that
    none is taken away between here and the server that binds it.
    """
    first = random.randrange(10_000, 30_000)  # noqa: S311 - any will do
    return list(islice(filter(_is_free, count(first)), number))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
