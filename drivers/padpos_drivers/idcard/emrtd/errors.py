"""What can go wrong with a travel document beyond what goes wrong with any card."""

from padpos_drivers.idcard.errors import CardUnreadable, IdCardError


class AccessNeeded(IdCardError):
    """The chip opens only to who has seen the document, and nobody gave what is printed on it."""

    code = "access-needed"
    advice = "Scan or type the lines at the bottom of the document, or the six digits on its front."


class MrzInvalid(IdCardError):
    """What was typed or scanned is not a machine-readable zone, or fails its check digits."""

    code = "mrz-invalid"
    advice = "The lines do not pass their check digits. Compare them with the document."


class AccessWrong(IdCardError):
    """The chip refused: what was given is of another document, or was misread."""

    code = "access-wrong"
    advice = "The chip belongs to other lines or another number. Compare them with the document."


class DocumentForged(CardUnreadable):
    """The chip's data are not those that its signer signed."""

    code = "document-forged"
    advice = "The chip's data were altered. Do not accept the document; call the supervisor."
