"""XLI, the compression of Philips' ECG XML: LZW with codes of 10 bits over the bytes of second differences.

::

    for every lead: size of what follows the header (4 bytes), unknown (2), start of the differences (2), LZW codes
    unpacked: the high bytes of all numbers, then the low bytes
    x[0], x[1] as they stand; x[i] = 2 x[i-1] - x[i-2] - d, where d is first the start, then the number before minus 64

As the public sierra-ecg-tools of C. Watford describe it; own implementation.
"""

import numpy as np

_BITS = 10
_END = 2**_BITS - 1  # the highest code is never given to a string
_HEADER = 8
_BIAS = 64


def unpack_leads(content: bytes, most: int, expected: int) -> list[np.ndarray]:
    """The samples of every lead, int16 in int64.

    Parameters
    ----------
    content : bytes
    most : int
        How many leads to read at most.
    expected : int
        Samples of a lead; content that unpacks to twice as many is refused.

    Raises
    ------
    ValueError
        Where it is cut off, or unpacks to more than any recording.
    """
    leads = []
    place = 0
    while place + _HEADER <= len(content) and len(leads) < most:
        size = int.from_bytes(content[place : place + 4], "little", signed=True)
        start = int.from_bytes(content[place + 6 : place + 8], "little", signed=True)
        place += _HEADER
        if size < 0 or place + size > len(content):
            raise ValueError("a lead that is cut off")
        unpacked = _strings(content[place : place + size], 4 * expected + 16)
        leads.append(_samples(unpacked, start, expected))
        place += size
    return leads


def _strings(packed: bytes, longest: int) -> bytes:
    """LZW: every code stands for a byte or for an earlier string with one more byte."""
    bits = np.unpackbits(np.frombuffer(packed, np.uint8))
    count = len(bits) // _BITS
    codes = bits[: count * _BITS].reshape(count, _BITS) @ (1 << np.arange(_BITS)[::-1])
    known = [bytes([byte]) for byte in range(256)]
    out = bytearray()
    before = b""
    for code in codes.tolist():
        if code == _END:
            break
        if code < len(known):
            string = known[code]
        elif before and code == len(known):
            string = before + before[:1]
        else:
            raise ValueError("a code without a string")
        if before and len(known) < _END:
            known.append(before + string[:1])
        out += string
        if len(out) > longest:
            raise ValueError("more samples than the recording lasts")
        before = string
    return bytes(out)


def _samples(unpacked: bytes, start: int, expected: int) -> np.ndarray:
    # The last code may be followed by bits that fill a byte up and look like another.
    half = expected if 2 * expected <= len(unpacked) <= 2 * expected + 3 else len(unpacked) // 2
    both = np.frombuffer(unpacked[: 2 * half], np.uint8).reshape(2, half).astype(np.int64)
    numbers = (both[0] << 8 | both[1]).astype(np.uint16).astype(np.int16).astype(np.int64)
    if half < 3:
        return numbers
    bends = -np.concatenate([[start], numbers[2:-1] - _BIAS])
    slopes = numbers[1] - numbers[0] + np.concatenate([[0], np.cumsum(bends)])
    samples = numbers[0] + np.concatenate([[0], np.cumsum(slopes)])
    return samples.astype(np.uint16).astype(np.int16).astype(np.int64)
