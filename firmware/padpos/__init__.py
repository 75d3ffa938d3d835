"""The counter terminal (PAD-POS): who sends, what is inside, and nothing readable on the way."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("padpos")
except PackageNotFoundError:  # run from a tree that was never installed
    __version__ = "0+unknown"
