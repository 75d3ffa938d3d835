"""Formats both ends share (see docs/formats.cddl): pure functions and values, no I/O."""
