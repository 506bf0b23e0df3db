"""XML files of strangers: parsed without entities and without reaching for other files."""

import base64
import binascii
import re
from xml.etree.ElementTree import Element, ParseError

from ecgclip_core.ecg.names import listed, shown
from ecgclip_core.ecg.recognise import decoded, kind_of, root_of
from ecgclip_core.errors import RecordingError

# A 12-lead ECG with every measurement of every beat has some ten thousand.
MAX_ELEMENTS = 200_000

# Root elements of dialects that are not read, and who writes them.
_OTHERS = {
    "cardiologyxml": "GE CardioSoft and CASE",
    "sapphire": "GE Sapphire",
    "examdescript": "Schiller",
    "ecg": "Mortara",
    "clinicaldocument": "HL7 CDA, a document about an examination",
    "bundle": "HL7 FHIR",
    "observation": "HL7 FHIR",
}
_VENDORS = (
    "GE Healthcare|GE Medical|Philips|Schiller|Mortara|Hill-?rom|Welch Allyn|Nihon Kohden|Fukuda|Suzuken|Edan|Mindray|"
    "Biocare|Comen|Bionet|Norav|Cardioline|custo|AMEDTEC|BTL|Zoncare|Spacelabs|Burdick|Siemens|Dr[aä]ger|Contec|Kenz|"
    "Corpuls|ZOLL|Physio-Control|Lifepak|Meditech|Innomed|Cardiac Science|Quinton|Marquette|AliveCor|Apple|Withings"
)
# Only what names a device is searched: a person may be called Schiller.
_NAMES_A_DEVICE = re.compile(r"(manufact|vendor|device|model|software|machine|producer|system)", re.IGNORECASE)


def parse_xml(name: str, content: bytes) -> Element:
    """The root element of a file, all names without their namespaces.

    Parameters
    ----------
    name : str
        The file's base name, for messages.
    content : bytes

    Raises
    ------
    RecordingError
        Where it is no XML, cut off, declares entities, or has more elements than any ECG.
    """
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    if content.count(b"<") > 2 * MAX_ELEMENTS:
        raise RecordingError(
            f"{name} has more elements than any ECG. Cut out the part of interest and export it again."
        )
    try:
        try:
            root = fromstring(content, forbid_dtd=False, forbid_entities=True, forbid_external=True)
        except (ParseError, LookupError, ValueError) as fault:
            if isinstance(fault, DefusedXmlException):
                raise
            # Some exports declare another encoding than they have.
            text = re.sub(r"^\s*<\?xml[^>]*\?>", "", decoded(content)).rstrip("\0")
            root = fromstring(text, forbid_dtd=False, forbid_entities=True, forbid_external=True)
    except DefusedXmlException as fault:
        raise RecordingError(
            f"{name} declares entities or calls for other files, which an ECG has no need of; for safety it is not "
            "read. Export it again from its source."
        ) from fault
    except ParseError as fault:
        line = getattr(fault, "position", (0, 0))[0]
        raise RecordingError(
            f"{name} is damaged XML (line {line}): cut off or edited. Copy or export it again from its source."
        ) from fault
    except (LookupError, ValueError) as fault:
        raise RecordingError(f"{name} is XML in an encoding that is not known. Export it again as UTF-8.") from fault
    for element in root.iter():
        if isinstance(element.tag, str) and "}" in element.tag:
            element.tag = element.tag.rpartition("}")[2]
    return root


def root_called(wanted: str, name: str, content: bytes) -> Element:
    """The root element, or a `RecordingError` that says what the file is instead."""
    kind = kind_of(content)
    if not root_of(content) and kind not in ("an XML file", "text"):
        kind = "binary data" if kind == "data" else kind
        raise RecordingError(f"{name} should be an XML file but looks like {kind}.")
    if root_of(content) and root_of(content).lower() != wanted.lower():
        raise RecordingError(unknown_dialect(name, content))
    root = parse_xml(name, content)
    if str(root.tag).lower() != wanted.lower():
        raise RecordingError(unknown_dialect(name, content))
    return root


def unknown_dialect(name: str, content: bytes) -> str:
    """A sentence on an XML file that is not read: its root element, who writes such files, and what to do."""
    try:
        root = parse_xml(name, content)
    except RecordingError as fault:
        return str(fault)
    known = _OTHERS.get(str(root.tag).lower())
    makers = [known] if known else _makers(root)
    says = f", which {known} writes," if known and not known.startswith("HL7") else f" ({known})" if known else ""
    if not known and makers:
        says = f" and names {listed(makers)}"
    return (
        f"{name} is an XML file with the root element '{shown(str(root.tag), 40)}'{says}: a dialect that is not read. "
        "Read are HL7 aECG (AnnotatedECG), GE MUSE (RestingECG) and Philips (restingecgdata). Export the recording as "
        "one of these, or as DICOM or SCP-ECG."
    )


def _makers(root: Element) -> list[str]:
    """Known makers of devices, where an element or an attribute that describes a device names them."""
    found: list[str] = []
    for element in root.iter():
        texts = [str(element.text or "")] if _NAMES_A_DEVICE.search(str(element.tag)) else []
        texts += [value for key, value in element.attrib.items() if _NAMES_A_DEVICE.search(key)]
        for text in texts:
            found += [match[0] for match in re.finditer(rf"\b(?:{_VENDORS})\b", text[:200], re.IGNORECASE)]
    return list(dict.fromkeys(found))[:3]


def text_at(element: Element, path: str) -> str:
    """The text of the first element at a path, stripped; empty where there is none."""
    return (element.findtext(path) or "").strip()


def number_in(name: str, what: str, text: str) -> float:
    """A finite number, or a `RecordingError` that names the file and what should have been one."""
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not abs(value) < float("inf"):
        raise RecordingError(
            f"{name}: '{shown(text, 30)}' is not a {what}. The file is damaged; export it again from its source."
        )
    return value


def from_base64(name: str, what: str, text: str) -> bytes:
    """Bytes that a text stands for, or a `RecordingError`."""
    packed = re.sub(r"\s+", "", text).rstrip("=")
    try:
        # Some exports leave out the signs that fill up the end.
        return base64.b64decode(packed + "=" * (-len(packed) % 4), validate=True)
    except (binascii.Error, ValueError) as fault:
        raise RecordingError(
            f"{name}: {what} are no base64 text: the file is cut off or damaged. Copy or export it again."
        ) from fault
