"""A label printer without a printer: it parses ESC/POS and draws what a head would burn.

`python -m padpos_drivers.printer.sim --help` starts one. It shares no code with the driver, so
that an error in one cannot hide an error in the other.
"""
