"""Run as python -m padpos_services.safenumber."""

from padpos_services.safenumber.cli import main

main()
