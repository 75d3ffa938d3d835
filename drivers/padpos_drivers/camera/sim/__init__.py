"""A camera worker that draws parcels: real JPEG frames behind the worker's protocol."""
