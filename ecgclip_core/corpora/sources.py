"""What is known of a public corpus that can be downloaded."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """A published version of a corpus.

    Attributes
    ----------
    name : str
        What `ecgclip fetch` calls it.
    title, version : str
    licence : str
        Its name, and its address.
    citation : str
        Whom to cite, with DOI.
    address : str
        Of a PhysioNet project's files, with ``RECORDS`` and ``SHA256SUMS.txt``, or of a Zenodo record's description.
    kind : str
        ``"physionet"`` or ``"zenodo"``.
    tables : tuple of str
        Files that are needed besides the recordings.
    """

    name: str
    title: str
    version: str
    licence: str
    citation: str
    address: str
    kind: str = "physionet"
    tables: tuple[str, ...] = ()
