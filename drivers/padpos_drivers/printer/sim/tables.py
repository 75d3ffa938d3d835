"""How many parameter bytes follow the commands that leave no trace on the paper here.

From the Epson ESC/POS command reference; commands with a visible effect or a length of their own
are in the interpreter.
"""


def _table(**lengths: str) -> dict[int, int]:
    return {
        ord(code): int(length[1:]) for length, codes in lengths.items() for code in codes.split()
    }


ESC_LENGTHS = _table(n0="< L S Z", n1="! % - = ? E G K M R T U V e r t u {", n2="$ \\ c", n3="p")
ESC_LENGTHS[0x20] = 1
ESC_LENGTHS[0x0C] = 0
ESC_LENGTHS[ord("W")] = 8

GS_LENGTHS = _table(n0=": c", n1="! / B E H I T b f h w x z", n2="$ L W \\", n3="^")
"""GS I is not answered: a printer's name is nothing that a label needs."""

FS_LENGTHS = _table(n0="& .", n1="! - C W", n2="S p")
