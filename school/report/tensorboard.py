"""TensorBoard's files of events, written by hand: they need neither TensorFlow nor protobuf.

A file is a row of TFRecords (tensorflow.org/tutorials/load_data/tfrecord): the length of the data as 8 bytes, least
first; the masked CRC-32C of those 8 bytes; the data; its masked CRC-32C. The data is an Event in protobuf's encoding
(protobuf.dev/programming-guides/encoding), of which only what scalars need is written here:

    Event   1: wall_time double   2: step int64   3: file_version string   5: summary Summary
    Summary 1: value Value (repeated)
    Value   1: tag string   2: simple_value float
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

VERSION = "brain.Event:2"  # what a file says first
POLYNOMIAL = 0x82F63B78  # Castagnoli's, its bits reversed (RFC 3720, B.4)
MASK = 0xA282EAD8  # so that a checksum of data that holds checksums is no special one
VARINT, DOUBLE, BYTES, FLOAT = 0, 1, 2, 5  # protobuf's wire types


def _table() -> list[int]:
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (POLYNOMIAL if byte & 1 else 0)
        table.append(byte)
    return table


TABLE = _table()


def crc32c(data: bytes) -> int:
    """CRC-32C of RFC 3720."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def masked(data: bytes) -> int:
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + MASK) & 0xFFFFFFFF


def record(data: bytes) -> bytes:
    """Data in its frame."""
    length = struct.pack("<Q", len(data))
    return length + struct.pack("<I", masked(length)) + data + struct.pack("<I", masked(data))


def _varint(value: int) -> bytes:
    """``value``: not negative."""
    written = bytearray()
    while value > 0x7F:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)


def _field(number: int, kind: int, value: bytes) -> bytes:
    size = _varint(len(value)) if kind == BYTES else b""
    return _varint(number << 3 | kind) + size + value


def first_event(wall: float) -> bytes:
    return _field(1, DOUBLE, struct.pack("<d", wall)) + _field(3, BYTES, VERSION.encode())


def scalars(wall: float, step: int, values: Iterable[tuple[str, float]]) -> bytes:
    """An event with the values of a step, by their tags; ``wall``: seconds since 1970."""
    summary = b"".join(
        _field(1, BYTES, _field(1, BYTES, tag.encode()) + _field(2, FLOAT, struct.pack("<f", value)))
        for tag, value in values
    )
    head = _field(1, DOUBLE, struct.pack("<d", wall)) + _field(2, VARINT, _varint(step))
    return head + _field(5, BYTES, summary)
