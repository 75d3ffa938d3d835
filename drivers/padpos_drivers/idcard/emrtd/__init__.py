"""Travel documents with a chip: ICAO Doc 9303 passports and the mainland travel permits."""
