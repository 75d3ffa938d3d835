"""A terminal's backlog on its way: padpos from ledger to signed receipt, and mosquitto's bridge."""
