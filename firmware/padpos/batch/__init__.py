"""A contract customer's file of recipients: read, checked row by row, and nothing kept of it."""
