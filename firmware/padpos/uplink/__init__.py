"""The uplink: carries sealed bytes from the counter's socket to the authority, and receipts back.

It has the network and never sees plaintext; it opens no ledger and no device.
"""
