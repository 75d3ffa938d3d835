"""Scales: the room is here, its drivers are not yet; a typed weight is marked as typed."""
