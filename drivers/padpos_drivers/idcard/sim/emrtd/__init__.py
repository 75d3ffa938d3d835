"""A virtual travel document: the chip's side of ICAO Doc 9303-11, and a state that issues it.

Written from the standard by itself: nothing here is shared with the driver.
"""
