"""The counter process: drivers, law, ledger and label wired into one loop."""
