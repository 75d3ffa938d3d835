"""A reader of the real pcscd whose escape commands go to a simulated security module."""

import shutil
import socketserver
import struct
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from padpos_drivers.idcard.sim.sam import Module
from padpos_drivers.idcard.sim.sam_bench import InProcessReader

NAME = "Escape SAM 00 00"
SOURCE = Path(__file__).with_name("escape_ifd.c")
_CONFIG = 'FRIENDLYNAME "Escape SAM"\nDEVICENAME {socket}\nLIBPATH {library}\nCHANNELID 0x1\n'


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    reader: InProcessReader


class _Exchange(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        (length,) = struct.unpack(">H", self.rfile.read(2))
        answer = self.server.reader.control(self.rfile.read(length))
        self.wfile.write(struct.pack(">H", len(answer)) + answer)


@contextmanager
def escape_reader(directory: Path) -> Iterator[InProcessReader]:
    """Put the reader into the configuration of a pcscd that starts in ``directory`` later."""
    library, place = directory / "escape_ifd.so", directory / "escape.sock"
    compiler = shutil.which("gcc")
    assert compiler is not None, "setup.sh installs gcc"
    options = ["-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", "-I/usr/include/PCSC"]
    subprocess.run([compiler, *options, "-o", str(library), str(SOURCE)], check=True)
    (directory / "conf").mkdir()
    config = _CONFIG.format(socket=place, library=library)
    (directory / "conf" / "escape").write_text(config, encoding="ascii")
    with _Server(str(place), _Exchange) as server:
        server.reader = InProcessReader(Module())
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server.reader
        finally:
            server.shutdown()
