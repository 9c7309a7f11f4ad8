"""Measure plain TCP over a link: half the round-trip time of one byte, and bytes per second of a long message.

python probe.py 10.77.0.1             serves one client
python probe.py 10.77.0.1 10.77.0.2   connects from the second address; prints seconds and bytes per second
"""

import socket
import statistics
import sys
import time

PORT, TRIPS, LONG = 7777, 50, 50_000_000


def main() -> None:
    address, *own = sys.argv[1:]
    if own:
        with socket.create_connection((address, PORT), source_address=(own[0], 0)) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            short = statistics.median(_seconds(connection, b"x") for _ in range(TRIPS)) / 2
            print(short, LONG / (_seconds(connection, bytes(LONG)) - 2 * short))
        return
    with socket.create_server((address, PORT)) as server:
        print("ready", flush=True)
        _answer(server.accept()[0])


def _seconds(connection: socket.socket, message: bytes) -> float:
    """Seconds from sending a message until its one-byte answer arrives."""
    began = time.perf_counter()
    connection.sendall(message)
    connection.recv(1)
    return time.perf_counter() - began


def _answer(connection: socket.socket) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for expected in [1] * TRIPS + [LONG]:
        while expected:
            expected -= len(connection.recv(min(expected, 1 << 20)))
        connection.sendall(b"x")


if __name__ == "__main__":
    main()
