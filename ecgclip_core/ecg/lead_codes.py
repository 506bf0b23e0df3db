"""The numbers that stand for leads in SCP-ECG and, with another beginning, in ISO/IEEE 11073-10101 and DICOM."""

# EN 1064, section 3; DICOM CID 3001 has the same numbers as MDC "2:1" and SCPECG "5.6.3-9-1".
NAMES = {1: "I", 2: "II", 61: "III", 62: "aVR", 63: "aVL", 64: "aVF", 65: "-aVR"}
NAMES |= {number + 2: f"V{number}" for number in range(1, 8)}
NAMES |= {
    66: "V8",
    67: "V9",
    10: "V2R",
    11: "V3R",
    12: "V4R",
    13: "V5R",
    14: "V6R",
    15: "V7R",
    16: "X",
    17: "Y",
    18: "Z",
}
