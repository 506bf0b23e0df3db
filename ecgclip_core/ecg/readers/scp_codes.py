"""Huffman codes of SCP-ECG (EN 1064, section 2 and annex C): numbers as codes of few bits where they are small.

A table is a list of codes. A code whose total length exceeds its prefix carries the number itself, signed, in the bits
that follow the prefix; one with mode 0 switches to another table. Base codes are stored with the first bit lowest.
"""

import struct
from dataclasses import dataclass

import numpy as np

MAX_TABLES = 64
MAX_CODES = 1024
LONGEST = 40  # bits


@dataclass(frozen=True)
class Code:
    """One line of a table: `number` stands for itself, or is that of the table to go on with where `switches`."""

    prefix: int
    total: int
    switches: bool
    number: int
    base: int


_DEFAULT_TABLE = 19999
_CODE = struct.Struct("<BBBhI")


def _default() -> tuple[Code, ...]:
    """Annex C: n ones, a zero and a sign for n up to 8; what is larger follows as 8 or as 16 bits."""
    codes = [Code(1, 1, False, 0, 0)]
    for number in range(1, 9):
        ones = 2**number - 1
        codes.append(Code(number + 2, number + 2, False, number, ones))
        codes.append(Code(number + 2, number + 2, False, -number, ones + 2 ** (number + 1)))
    return (*codes, Code(10, 18, False, 0, 2**9 - 1), Code(10, 26, False, 0, 2**10 - 1))


DEFAULT = _default()


def parse_tables(content: bytes) -> tuple[tuple[Code, ...], ...]:
    """The tables of section 2; 19999 tables stand for the default one.

    Parameters
    ----------
    content : bytes
        The section without its header.

    Raises
    ------
    ValueError
        Where it is cut off or describes no code.
    """
    number = int.from_bytes(content[:2], "little")
    if number == _DEFAULT_TABLE:
        return (DEFAULT,)
    if not 1 <= number <= MAX_TABLES:
        raise ValueError(f"{number} tables of codes")
    place = 2
    tables = []
    for _ in range(number):
        count = int.from_bytes(content[place : place + 2], "little")
        place += 2
        if not 1 <= count <= MAX_CODES or len(content) < place + _CODE.size * count:
            raise ValueError("a table of codes that is cut off")
        lines = [_CODE.unpack_from(content, place + _CODE.size * line) for line in range(count)]
        place += _CODE.size * count
        tables.append(tuple(Code(prefix, total, mode == 0, value, base) for prefix, total, mode, value, base in lines))
        for code in tables[-1]:
            if not 1 <= code.prefix <= min(code.total, 32) or code.total > LONGEST or code.base >> code.prefix:
                raise ValueError("a code without a length")
            if code.switches and not 1 <= code.number <= number:
                raise ValueError("a code for a table that is not there")
    return tuple(tables)


def decode(data: bytes, count: int, tables: tuple[tuple[Code, ...], ...]) -> np.ndarray:
    """Numbers from a stream of codes.

    Parameters
    ----------
    data : bytes
        The first bit is the highest of the first byte.
    count : int
        How many numbers to read.
    tables : tuple of tuple of Code
        Reading begins with the first.

    Returns
    -------
    ndarray of int64, shape (count,)

    Raises
    ------
    ValueError
        Where the stream ends early or holds a code that is in no table.
    """
    bits = np.unpackbits(np.frombuffer(data, np.uint8))
    following = [_codes_at_each_bit(bits, table).tolist() for table in tables]
    starts, used = [], []
    table = place = 0
    while len(starts) < count:
        found = following[table][place] if place < len(bits) else -1
        if found < 0:
            raise ValueError(f"only {len(starts)} of {count} samples")
        code = tables[table][found]
        if place + code.total > len(bits):
            raise ValueError(f"only {len(starts)} of {count} samples")
        if code.switches:
            table = code.number - 1
        else:
            starts.append(place)
            used.append((table, found))
        place += code.total
    return _numbers(bits, np.array(starts, dtype=np.int64), used, tables)


def _codes_at_each_bit(bits: np.ndarray, table: tuple[Code, ...]) -> np.ndarray:
    """Which code of the table would begin at each bit, -1 where none would."""
    longest = max(code.prefix for code in table)
    padded = np.concatenate([bits, np.zeros(longest, np.uint8)]).astype(np.uint32)
    window = np.zeros(len(bits), np.uint32)
    for bit in range(longest):
        window |= padded[bit : bit + len(bits)] << np.uint32(bit)
    found = np.full(len(bits), -1, np.int16)
    if longest <= 12:
        known = np.full(2**longest, -1, np.int16)
        for number, code in reversed(list(enumerate(table))):
            known[code.base :: 2**code.prefix] = number
        return known[window]
    for number, code in reversed(list(enumerate(table))):
        found[(window & np.uint32(2**code.prefix - 1)) == code.base] = number
    return found


def _numbers(bits: np.ndarray, starts: np.ndarray, used: list, tables) -> np.ndarray:
    which = np.array(used, dtype=np.int64).reshape(-1, 2)
    values = np.zeros(len(starts), np.int64)
    for table, codes in enumerate(tables):
        for number, code in enumerate(codes):
            here = np.flatnonzero((which[:, 0] == table) & (which[:, 1] == number)) if not code.switches else []
            if not len(here):
                continue
            width = code.total - code.prefix
            if width == 0:
                values[here] = code.number
                continue
            for bit in range(width):
                values[here] = values[here] << 1 | bits[starts[here] + code.prefix + bit]
            values[here] -= (values[here] >> (width - 1)) << width
    return values
