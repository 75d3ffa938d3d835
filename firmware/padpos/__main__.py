"""Run as python -m padpos."""

from padpos.cli import main

main()
