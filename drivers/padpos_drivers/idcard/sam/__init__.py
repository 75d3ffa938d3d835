"""Security modules for second-generation ID cards: GA/T 467 frames over whatever carries them."""
