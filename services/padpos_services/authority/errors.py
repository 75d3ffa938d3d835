"""What can go wrong in the authority's office, in words for the operator. Never personal data."""

from __future__ import annotations


class AuthorityError(Exception):
    """Something the operator can act on; the message says what."""


class HomeUnusable(AuthorityError):
    """The home directory lacks what the command needs, or holds what it would overwrite."""


class EnrolmentRefused(AuthorityError):
    """A terminal's request for certificates that is not granted."""


class NotPublished(AuthorityError):
    """A document that could not be made."""


class NotAsked(AuthorityError):
    """Something a terminal can't be asked for."""


class LinkDown(AuthorityError):
    """The connection to the broker ended; a fresh one is due."""
