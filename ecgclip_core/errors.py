"""The errors a user can cause. Each says what was wrong, where, and what to do."""


class EcgclipError(Exception):
    """Anything that a user of the app, the library or the command line can cause and mend."""


class RecordingError(EcgclipError):
    """A file that is not a readable 12-lead recording."""


class MissingInformationError(RecordingError):
    """A readable file that does not say something the reader needs.

    Attributes
    ----------
    needed : tuple of str
        The arguments of ``read_ecg`` that would complete it, e.g. ``("sampling_rate", "units")``.
    """

    def __init__(self, message: str, needed: tuple[str, ...]):
        super().__init__(message)
        self.needed = needed


class CatalogueError(EcgclipError):
    """A fault in the findings catalogue, or a finding that it does not hold."""


class CheckpointError(EcgclipError):
    """A checkpoint, cluster dictionary or cohort that is missing, damaged or does not fit."""


class QuestionError(EcgclipError):
    """A question that cannot be asked: empty, or too long."""


class DownloadError(EcgclipError):
    """A public corpus that cannot be fetched: no network, no such file, or not what its makers published."""


class EndpointError(EcgclipError):
    """A language model's endpoint that is not set up rightly, cannot be reached, or does not answer."""


class ReviewError(EcgclipError):
    """A note or decision that cannot be kept, or a file of them that cannot be read."""
