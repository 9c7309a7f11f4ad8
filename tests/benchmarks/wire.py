"""Emulate a network link between two network namespaces, with a bandwidth and a delay, for kernels without netem.

    python wire.py PID PID GBIT_PER_S DELAY_MS

The namespaces are those of two processes; each gets a device named `wire`, with the address 10.77.0.1 or 10.77.0.2. A
packet that enters one device leaves the other after the packets before it, plus its size over the bandwidth, plus the delay.
For each line of standard input, the program prints the bytes carried in each direction and the CPU seconds used; it exits at
the end of its input.
"""

import fcntl
import os
import select
import struct
import subprocess
import sys
import time
from collections import deque

TUNSETIFF, TUN, NO_HEADER = 0x400454CA, 0x0001, 0x1000  # linux/if_tun.h
MTU = 65535  # few packets: this is Python
SHORT = 50e-6  # seconds of busy waiting: a sleep would last longer


class Direction:
    """One direction of the link: packets in order of arrival, each with the time of its delivery."""

    def __init__(self, source: int, sink: int, bandwidth: float, delay: float) -> None:
        self.source, self.sink, self.bytes_carried = source, sink, 0
        self._bandwidth, self._delay = bandwidth, delay
        self._sent_until = 0.0  # when the last packet will have been sent
        self._in_flight: deque[tuple[float, bytes]] = deque()

    def receive(self) -> None:
        """Read all packets that have arrived at the source."""
        while True:
            try:
                packet = os.read(self.source, MTU)
            except BlockingIOError:
                return
            self._sent_until = max(self._sent_until, time.perf_counter()) + len(packet) / self._bandwidth
            self._in_flight.append((self._sent_until + self._delay, packet))
            self.deliver()

    def deliver(self) -> None:
        """Write all packets that are due to the sink."""
        while self._in_flight and self._in_flight[0][0] <= time.perf_counter():
            packet = self._in_flight.popleft()[1]
            os.write(self.sink, packet)
            self.bytes_carried += len(packet)

    @property
    def next_arrival(self) -> float:
        """When the next packet is due; infinite if there is none."""
        return self._in_flight[0][0] if self._in_flight else float("inf")


def main() -> None:
    pids, (gbit, delay) = sys.argv[1:3], map(float, sys.argv[3:])
    one, other = (_device(int(pid), f"10.77.0.{end}", f"10.77.0.{3 - end}") for end, pid in enumerate(pids, start=1))
    directions = [Direction(*ends, gbit * 1e9 / 8, delay / 1e3) for ends in ((one, other), (other, one))]
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))  # ranks that wait for messages never sleep
    print("ready", flush=True)
    while True:
        if _input_waiting(directions):
            if not os.read(0, 100):
                return
            print(*(direction.bytes_carried for direction in directions), time.process_time(), flush=True)
        for direction in directions:
            direction.receive()
            direction.deliver()


def _input_waiting(directions: list[Direction]) -> bool:
    """Wait for standard input, a packet, or the next due time; return whether standard input can be read."""
    left = min(direction.next_arrival for direction in directions) - time.perf_counter()
    timeout = None if left == float("inf") else max(0.0, left - SHORT)
    ready, _, _ = select.select([0, *(direction.source for direction in directions)], [], [], timeout)
    return 0 in ready


def _device(pid: int, address: str, peer: str) -> int:
    """Create a TUN device and move it into the namespace of a process; return its file descriptor."""
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", b"wire", TUN | NO_HEADER))
    _run(f"ip link set wire netns {pid}")
    inside = f"nsenter --net --target {pid}"
    for command in (
        f"ip address add {address} peer {peer} dev wire",
        f"ip link set wire mtu {MTU} txqueuelen 10000 up",
        "ip link set lo up",
    ):
        _run(f"{inside} {command}")
    return device


def _run(command: str) -> None:
    subprocess.run(command.split(), check=True)


if __name__ == "__main__":
    main()
