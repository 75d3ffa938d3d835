"""The law of the counter, pure: no I/O, no clock, no chance but what is handed in."""
