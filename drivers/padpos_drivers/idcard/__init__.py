"""ID-card reading: decoders, the PC/SC reader, and (in ``sim``) the virtual card and reader."""
