"""The durable store: a hash-chained, signed record and the sealed bytes beside it."""
