"""What a power cut leaves of a folder of files: synced contents, synced names, and luck.

A file's bytes are durable once the file was synced; its name once the folder was. Between, any part
of either may be there: names in the order of a journal, or in none.
"""

from dataclasses import dataclass
from pathlib import Path
from random import Random


@dataclass(slots=True, eq=False)
class Node:
    """A file whatever it is called: what is durable of it, and its bytes when its name went."""

    synced: bytes = b""
    last: bytes = b""


Change = tuple[str | None, str | None, Node]  # (old name, new name, file): born, renamed or gone


class Folder:
    """One folder, watched: `path` need not exist yet."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._live = {
            file.name: Node(file.read_bytes()) for file in (path.iterdir() if path.exists() else ())
        }
        self._durable = dict(self._live)
        self._pending: list[Change] = []
        self._itself = path.exists()

    def born(self, name: str) -> None:
        """A file of that name was opened to be written."""
        if name not in self._live:
            self._live[name] = Node()
            self._pending.append((None, name, self._live[name]))

    def renamed(self, old: str, new: str) -> None:
        """A name was changed, over whatever had the new one."""
        node = self._live.pop(old)
        self._live[new] = node
        self._pending.append((old, new, node))

    def gone(self, name: str, content: bytes) -> None:
        """A name was taken away."""
        node = self._live.pop(name)
        node.last = content
        self._pending.append((name, None, node))

    def file_synced(self, name: str) -> None:
        """The bytes under that name are durable."""
        self._live[name].synced = (self.path / name).read_bytes()

    def names_synced(self) -> None:
        """All names are durable as they are."""
        self._durable, self._pending = dict(self._live), []

    def parent_synced(self) -> None:
        """The folder's own name is durable."""
        self._itself = self.path.exists()

    def after_a_cut(self, chance: Random) -> dict[str, bytes]:
        """Names and contents that the cut leaves."""
        if not self._itself and chance.random() < 0.5:
            return {}
        names = dict(self._durable)
        for old, new, node in self._kept(chance):
            if old is not None and names.get(old) is node:
                del names[old]
            if new is not None:
                names[new] = node
        return {name: self._torn(node, chance) for name, node in names.items()}

    def _kept(self, chance: Random) -> list[Change]:
        if chance.random() < 0.5:
            return self._pending[: chance.randrange(len(self._pending) + 1)]
        return [change for change in self._pending if chance.random() < 0.5]

    def _torn(self, node: Node, chance: Random) -> bytes:
        name = next((name for name, its in self._live.items() if its is node), None)
        now = node.last if name is None else (self.path / name).read_bytes()
        if now == node.synced:
            return now
        part = now[: chance.randrange(len(now) + 1)]
        return chance.choice((node.synced, now, part, part.ljust(len(now), b"\0")))
