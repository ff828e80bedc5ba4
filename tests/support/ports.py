"""ports - TCP ports on loopback that nobody uses.

Below the range the kernel hands to outgoing connections, so that a node which is down keeps its port.
"""

import random
import socket

_FIRST, _LAST = 10000, 29999
_given = set()


def free():
    """A port that could be bound just now and that this process did not hand out before."""
    while True:
        port = random.randint(_FIRST, _LAST)
        if port in _given:
            continue
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        _given.add(port)
        return port
