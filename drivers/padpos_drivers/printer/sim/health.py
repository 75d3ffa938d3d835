"""What the simulated printer's sensors see, and how it says so on the wire.

Bit positions: Epson ESC/POS reference, DLE EOT, GS a, GS r and GS ( H fn 49.
"""

from dataclasses import dataclass


@dataclass(slots=True)
class Health:
    """The sensors. `rows_left` is how much paper there is, None for endless."""

    rows_left: int | None = None
    near_end: bool = False
    cover_open: bool = False

    @property
    def paper_out(self) -> bool:
        """Whether the paper end sensor sees nothing."""
        return self.rows_left is not None and self.rows_left <= 0

    @property
    def online(self) -> bool:
        """Whether the printer works on what it received."""
        return not self.paper_out and not self.cover_open

    def auto_status(self) -> bytes:
        """The four bytes of Automatic Status Back."""
        first = 0x10 | (0 if self.online else 0x08) | (0x20 if self.cover_open else 0)
        return bytes((first, 0, self.sensor_byte(), 0x0F))

    def sensor_byte(self) -> int:
        """GS r 1, and the third byte of Automatic Status Back."""
        return (0x03 if self.near_end or self.paper_out else 0) | (0x0C if self.paper_out else 0)

    def real_time(self, question: int) -> bytes:
        """The answer to DLE EOT 1 to 4; none to other questions."""
        match question:
            case 1:
                return bytes((0x12 | (0 if self.online else 0x08),))
            case 2:
                stopped = 0x20 if self.paper_out else 0
                return bytes((0x12 | stopped | (0x04 if self.cover_open else 0),))
            case 3:
                return b"\x12"
            case 4:
                near = 0x0C if self.near_end or self.paper_out else 0
                return bytes((0x12 | near | (0x60 if self.paper_out else 0),))
            case _:
                return b""

    def offline_notice(self, level: int) -> bytes:
        """The offline response of GS ( H fn 49; level 2 adds the causes."""
        causes = (b"\x42" if self.paper_out else b"") + (b"\x41" if self.cover_open else b"")
        return b"\x37\x23" + (causes if level == 2 else b"") + b"\0"
