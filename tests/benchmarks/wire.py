"""A wire between two network namespaces, with a bandwidth and a delay of its own: for kernels that have no netem.

    python wire.py PID PID GBIT_PER_S DELAY_MS

The namespaces are those of two processes; each gets a device named `wire`, with the address 10.77.0.1 or 10.77.0.2. What
goes into one comes out of the other as late as after a wire: a packet waits for those before it, takes its bytes by the
bandwidth, and then the delay. Each line of standard input is answered with the bytes carried each way, and the CPU seconds that
it took; with the end of it the wire ends.
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
SHORT = 50e-6  # seconds that are waited awake: a sleep would last longer


class Direction:
    """From one device to the other: packets in the order in which they came, each with the time when it is there."""

    def __init__(self, source: int, sink: int, bandwidth: float, delay: float) -> None:
        self.source, self.sink, self.carried = source, sink, 0
        self._bandwidth, self._delay = bandwidth, delay
        self._free = 0.0  # when the packets before have left
        self._under_way: deque[tuple[float, bytes]] = deque()

    def take(self) -> None:
        """All packets that have come."""
        while True:
            try:
                packet = os.read(self.source, MTU)
            except BlockingIOError:
                return
            self._free = max(self._free, time.perf_counter()) + len(packet) / self._bandwidth
            self._under_way.append((self._free + self._delay, packet))
            self.deliver()

    def deliver(self) -> None:
        """All packets whose time has come."""
        while self._under_way and self._under_way[0][0] <= time.perf_counter():
            packet = self._under_way.popleft()[1]
            os.write(self.sink, packet)
            self.carried += len(packet)

    @property
    def next(self) -> float:
        """When the next packet is there."""
        return self._under_way[0][0] if self._under_way else float("inf")


def main() -> None:
    pids, (gbit, delay) = sys.argv[1:3], map(float, sys.argv[3:])
    one, other = (_device(int(pid), f"10.77.0.{end}", f"10.77.0.{3 - end}") for end, pid in enumerate(pids, start=1))
    directions = [Direction(*ends, gbit * 1e9 / 8, delay / 1e3) for ends in ((one, other), (other, one))]
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))  # ranks that wait for messages never sleep
    print("ready", flush=True)
    while True:
        if _is_asked(directions):
            if not os.read(0, 100):
                return
            print(*(direction.carried for direction in directions), time.process_time(), flush=True)
        for direction in directions:
            direction.take()
            direction.deliver()


def _is_asked(directions: list[Direction]) -> bool:
    """Whether there is something on standard input; waits until there is that or a packet, or until one is due."""
    left = min(direction.next for direction in directions) - time.perf_counter()
    timeout = None if left == float("inf") else max(0.0, left - SHORT)
    ready, _, _ = select.select([0, *(direction.source for direction in directions)], [], [], timeout)
    return 0 in ready


def _device(pid: int, address: str, peer: str) -> int:
    """Make one, and put it into the namespace of a process."""
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
