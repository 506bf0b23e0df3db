"""Where a public corpus can be downloaded from, and under what conditions."""

from dataclasses import dataclass

CC_BY_4 = "Creative Commons Attribution 4.0 (https://creativecommons.org/licenses/by/4.0/)"
ODC_BY_1 = "Open Data Commons Attribution 1.0 (https://opendatacommons.org/licenses/by/1-0/)"
ODBL_1 = "Open Data Commons Open Database License 1.0 (https://opendatacommons.org/licenses/odbl/1-0/)"


@dataclass(frozen=True)
class Source:
    """A published version of a corpus.

    Attributes
    ----------
    name : str
        What `ecgclip fetch` calls it.
    title, version : str
    licence : str
        Its name, and where it can be read.
    citation : str
        Whom its makers ask to cite, with DOI.
    address : str
        With ``kind="physionet"``, of the folder that holds ``SHA256SUMS.txt`` and all files it lists; with
        ``kind="zenodo"``, of the record's description.
    kind : str
    """

    name: str
    title: str
    version: str
    licence: str
    citation: str
    address: str
    kind: str = "physionet"
