"""Read TensorBoard event files: the framing (TFRecord) by hand, the records with tensorboardX's own classes."""

import struct


def crc32c(data: bytes) -> int:
    """The CRC-32C (Castagnoli) of data, bit by bit (RFC 3720, B.4)."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def masked(data: bytes) -> bytes:
    """The masked CRC-32C as stored in a file: rotated by 15 bits, plus a constant."""
    crc = crc32c(data)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def records(data: bytes):
    """The events of a file; each is stored as length, checksum of the length, content, checksum of the content."""
    from tensorboardX.proto.event_pb2 import Event

    while data:
        length = struct.unpack("<Q", data[:8])[0]
        content = data[12 : 12 + length]
        assert data[8:12] == masked(data[:8])
        assert data[12 + length : 16 + length] == masked(content)
        yield Event.FromString(content)
        data = data[16 + length :]


def shown(folder):
    """What TensorBoard shows for a folder, {tag: [(step, value), ...]}. A SessionLog.START event hides earlier values from its step on."""
    from tensorboardX.proto.event_pb2 import SessionLog

    found = {}
    for path in sorted(folder.iterdir()):
        first, *rest = records(path.read_bytes())
        assert first.file_version == "brain.Event:2"
        for event in rest:
            if event.session_log.status == SessionLog.START:
                found = {tag: [row for row in rows if row[0] < event.step] for tag, rows in found.items()}
            for value in event.summary.value:
                is_text = value.metadata.plugin_data.plugin_name == "text"
                logged = value.tensor.string_val[0].decode() if is_text else value.simple_value
                found.setdefault(value.tag, []).append((event.step, logged))
    return found
