# SPDX-FileCopyrightText: 2026 The Plateau authors
# SPDX-License-Identifier: Apache-2.0
"""Reads TensorBoard's event files as far as their framing goes: records, each with checksums of its length and of its
data (tensorflow/core/lib/io/record_writer.h), with Python's standard library alone."""

import struct

# Of CRC-32C: RFC 3720, B.4, and the check value of Williams' catalogue.
VECTORS = ((bytes(32), 0x8A9136AA), (b"\xff" * 32, 0x62A8AB43), (bytes(range(32)), 0x46DD794E),
           (bytes(range(31, -1, -1)), 0x113FDB5C), (b"123456789", 0xE3069283))


def table_entry(byte):
    for _ in range(8):
        byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
    return byte


TABLE = [table_entry(byte) for byte in range(256)]


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


for vector, value in VECTORS:
    assert crc32c(vector) == value, "this CRC-32C is not that of RFC 3720"


def masked(data):
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def records(file):
    """The data of every record. ValueError where the framing is wrong."""
    content, at, data = file.read_bytes(), 0, []
    while at < len(content):
        head = content[at:at + 12]
        if len(head) < 12 or struct.unpack("<I", head[8:])[0] != masked(head[:8]):
            raise ValueError(f"{file}: the length of the record at byte {at} is damaged")
        length = struct.unpack("<Q", head[:8])[0]
        data.append(content[at + 12:at + 12 + length])
        checksum = content[at + 12 + length:at + 16 + length]
        if len(checksum) < 4 or struct.unpack("<I", checksum)[0] != masked(data[-1]):
            raise ValueError(f"{file}: the record at byte {at} is damaged")
        at += 16 + length
    return data
