"""The touch screen: pages over one server-side truth, on loopback or a Unix socket only."""
