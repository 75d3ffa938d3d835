"""Lamps, buttons, buzzer and tamper switch: the room is here, its drivers are not yet."""
