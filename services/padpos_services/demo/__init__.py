"""The demo: every process of a counter and its back office on one machine, and a world to play."""
