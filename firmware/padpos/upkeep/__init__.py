"""Provisioning, and (later) doctor and updates."""
