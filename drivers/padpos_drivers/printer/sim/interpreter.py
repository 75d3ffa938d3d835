"""The simulated printer's reading of ESC/POS: from a byte stream to steps of motor and head.

Follows the Epson ESC/POS command reference, as far as a label printer needs it. Text is drawn as
black cells of a font's size: wrong bytes show on the paper, as they would. Commands without a
visible effect are skipped by their length; unknown ones are counted and skipped by two bytes.
"""

from typing import Protocol

from .tables import ESC_LENGTHS, FS_LENGTHS, GS_LENGTHS

DOTS_PER_INCH = 203
LINE_DOTS = 30
CELL_WIDTH, CELL_HEIGHT = 12, 24
CHUNK = 4096


class Source(Protocol):
    """Where the bytes come from."""

    async def take(self, count: int) -> bytes:
        """Exactly `count` bytes; waits for them. EOFError when there will be no more."""


class Mechanism(Protocol):
    """What the interpreter moves. Calls wait while the printer is offline."""

    async def ready(self) -> None:
        """Wait until the printer is online."""

    async def burn(self, row: bytes) -> None:
        """Burn one row of dots and move the paper one dot."""

    async def cut(self) -> None:
        """Cut the paper where it is."""

    def raster_begins(self) -> None:
        """The head of a raster was read."""

    def reply(self, data: bytes) -> None:
        """Send bytes to the host."""

    def push_status_on_change(self, mask: int) -> None:
        """GS a."""

    def tell_offline(self, level: int) -> None:
        """GS ( H fn 49: 0 off, 1 without, 2 with causes."""

    def sensor_byte(self) -> int:
        """The answer to GS r 1."""

    def process_id(self, process_id: bytes) -> None:
        """GS ( H fn 48: everything before is on paper now."""


class Interpreter:
    """Reads commands until the source ends. `unknown` counts commands, `text` characters."""

    def __init__(self, source: Source, mechanism: Mechanism, width: int, feed_units: int) -> None:
        self._source = source
        self._mechanism = mechanism
        self._width = width
        self._default_units = feed_units
        self.unknown = 0
        self.text = 0
        self._initialise()

    def _initialise(self) -> None:
        self._line = bytearray()
        self._align = 0
        self._line_dots = LINE_DOTS
        self._units = self._default_units

    async def run(self) -> None:
        """Read until EOFError, which is passed on."""
        while True:
            byte = await self._byte()
            await self._mechanism.ready()
            await self._command(byte)

    async def _byte(self) -> int:
        return (await self._source.take(1))[0]

    async def _word(self) -> int:
        return int.from_bytes(await self._source.take(2), "little")

    async def _skip(self, count: int) -> None:
        while count > 0:
            step = min(count, CHUNK)
            await self._source.take(step)
            count -= step

    async def _command(self, byte: int) -> None:
        match byte:
            case 0x1B:
                await self._esc(await self._byte())
            case 0x1D:
                await self._gs(await self._byte())
            case 0x1C:
                await self._fs(await self._byte())
            case 0x10:
                await self._dle(await self._byte())
            case 0x0A:
                await self._end_line(self._line_dots)
            case _ if byte >= 0x20 and byte != 0x7F:
                self.text += 1
                self._line.append(byte)
                if len(self._line) >= self._width // CELL_WIDTH:
                    await self._end_line(self._line_dots)
            case _ if byte not in (0x00, 0x09, 0x0C, 0x0D, 0x18):
                self.unknown += 1

    async def _dle(self, second: int) -> None:
        # Already obeyed on arrival; here the bytes are only stepped over.
        if second in (0x04, 0x05):
            await self._skip(1)
        elif second == 0x14:
            await self._skip(7 if await self._byte() == 8 else 2)
        else:
            self.unknown += 1

    async def _esc(self, code: int) -> None:
        match chr(code):
            case "@":
                self._initialise()
                self._mechanism.push_status_on_change(0)
            case "J":
                await self._feed_units(await self._byte())
            case "d":
                lines = await self._byte()
                await self._end_line(self._line_dots * lines)
            case "2":
                self._line_dots = LINE_DOTS
            case "3":
                self._line_dots = await self._byte()
            case "a":
                self._align = await self._byte() % 48
            case "*":
                mode, columns = await self._byte(), await self._word()
                await self._skip(columns * (3 if mode >= 32 else 1))
            case "D":
                while await self._byte():
                    pass
            case "i" | "m":
                await self._mechanism.cut()
            case _:
                await self._skip_known(ESC_LENGTHS, code)

    async def _fs(self, code: int) -> None:
        if code == ord("("):
            await self._byte()
            await self._skip(await self._word())
        else:
            await self._skip_known(FS_LENGTHS, code)

    async def _gs(self, code: int) -> None:
        match chr(code):
            case "v":
                await self._raster()
            case "V":
                await self._cut(await self._byte())
            case "P":
                await self._byte()
                self._units = await self._byte() or self._default_units
            case "a":
                self._mechanism.push_status_on_change(await self._byte())
            case "r":
                paper = await self._byte() in (1, 49)
                self._mechanism.reply(bytes((self._mechanism.sensor_byte() if paper else 0,)))
            case "(":
                await self._gs_block(await self._byte())
            case "8":
                await self._byte()
                await self._skip(int.from_bytes(await self._source.take(4), "little"))
            case "k":
                await self._barcode(await self._byte())
            case "*":
                columns, rows = await self._byte(), await self._byte()
                await self._skip(columns * rows * 8)
            case _:
                await self._skip_known(GS_LENGTHS, code)

    async def _skip_known(self, lengths: dict[int, int], code: int) -> None:
        if code in lengths:
            await self._skip(lengths[code])
        else:
            self.unknown += 1

    async def _gs_block(self, code: int) -> None:
        length = await self._word()
        if code != ord("H") or not 3 <= length <= 6:
            await self._skip(length)
            return
        block = await self._source.take(length)
        if block[0] == 48 and length == 6:
            self._mechanism.process_id(block[2:])
        elif block[0] == 49 and length == 3:
            self._mechanism.tell_offline(block[2] % 48)
        else:
            self.unknown += 1

    async def _barcode(self, symbology: int) -> None:
        if symbology >= 65:
            await self._skip(await self._byte())
            return
        while await self._byte():
            pass

    async def _cut(self, mode: int) -> None:
        if mode in (65, 66, 97, 98, 103, 104):
            await self._feed_units(await self._byte())
        else:
            await self._end_line(0)
        await self._mechanism.cut()

    async def _raster(self) -> None:
        await self._byte()  # always "0"
        scale = await self._byte() % 48
        row_bytes, rows = await self._word(), await self._word()
        await self._end_line(0)
        self._mechanism.raster_begins()
        wide, high = bool(scale & 1), bool(scale & 2)
        for _ in range(rows):
            row = await self._source.take(row_bytes) if row_bytes else b""
            placed = self._placed(_doubled(row) if wide else row)
            for _ in range(2 if high else 1):
                await self._mechanism.burn(placed)

    def _placed(self, row: bytes) -> bytes:
        spare = self._width - len(row) * 8
        if spare <= 0 or self._align not in (1, 2):
            return row
        shift = spare // 2 if self._align == 1 else spare
        room = (self._width + 7) // 8 * 8
        return (int.from_bytes(row) << (room - len(row) * 8 - shift)).to_bytes(room // 8)

    async def _feed_units(self, units: int) -> None:
        await self._end_line(round(units * DOTS_PER_INCH / self._units))

    async def _end_line(self, feed: int) -> None:
        """Print the line buffer, if there is anything in it, and feed at least `feed` dots."""
        line, self._line = bytes(self._line), bytearray()
        if line:
            cells = b"".join(b"\0" * 3 if two == b"  " else _cells(two) for two in _pairs(line))
            for _ in range(CELL_HEIGHT):
                await self._mechanism.burn(cells)
            feed -= CELL_HEIGHT
        for _ in range(feed):
            await self._mechanism.burn(b"")


def _pairs(line: bytes) -> list[bytes]:
    return [line[i : i + 2].ljust(2) for i in range(0, len(line), 2)]


def _cells(two: bytes) -> bytes:
    """Two cells of 12 dots: black, but for a gap between neighbours; a blank stays white."""
    bits = (0xFFC000 if two[0] != 0x20 else 0) | (0x000FFC if two[1] != 0x20 else 0)
    return bits.to_bytes(3)


def _doubled(row: bytes) -> bytes:
    bits = "".join(digit * 2 for digit in f"{int.from_bytes(row):0{len(row) * 8}b}")
    return int(bits, 2).to_bytes(len(row) * 2) if row else b""
