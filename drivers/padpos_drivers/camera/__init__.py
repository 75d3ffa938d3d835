"""Cameras: one interface, a worker process for each real one, and a simulator."""
