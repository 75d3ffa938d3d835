"""A batch at a whole parcel counter whose terminal is killed again and again."""
