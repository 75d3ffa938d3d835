"""Run as python -m padpos_services.authority."""

from padpos_services.authority.cli import main

main()
