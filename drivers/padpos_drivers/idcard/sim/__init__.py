"""A virtual ID card and reader, at the lowest layer that runs without hardware.

The card speaks vpcd's wire protocol to the real pcscd. Nothing here is shared with the driver.
"""
