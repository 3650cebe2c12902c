"""What a hostile build step says to the tunnel, byte by byte.

    tunnel_client.py PORT CASE...

What comes back is printed as `answer: CASE = WHAT`.
"""

import os
import socket
import struct
import sys

NAME = b"tunnel-v1@keystay"
PATIENCE = 30


def string(value):
    return struct.pack(">I", len(value)) + value


def connect():
    stream = socket.socket(socket.AF_UNIX)
    stream.settimeout(PATIENCE)
    stream.connect(os.environ["SSH_AUTH_SOCK"])
    return stream


def exactly(stream, count):
    data = b""
    while len(data) < count:
        part = stream.recv(count - len(data))
        if not part:
            raise EOFError
        data += part
    return data


def take(data):
    length = struct.unpack(">I", data[:4])[0]
    return data[4:4 + length], data[4 + length:]


def ask(stream, name, frame):
    """The reply to one frame: its bytes after the algorithm's name."""
    body = b"\x0d" + string(string(NAME) + name) + string(frame) + b"\0\0\0\0"
    stream.sendall(string(body))
    reply = exactly(stream, *struct.unpack(">I", exactly(stream, 4)))
    assert reply[0] == 14, reply[:1]
    signature, rest = take(reply[1:])
    algorithm, signature = take(signature)
    assert algorithm == NAME and not rest
    reply, rest = take(signature)
    assert not rest
    return reply


def open_frame(port, path=b"acme/lib-a"):
    command = b"git-upload-pack '" + path + b"'"
    return (b"\x01" + string(b"git") + string(b"127.0.0.1") + struct.pack(">H", port)
            + string(command) + string(b""))


def exchange_frame(place=0, data=b"", ends=False, output=0, room=65536, wait=1000):
    return (b"\x02" + struct.pack(">Q", place) + string(data) + bytes([ends])
            + struct.pack(">QQIH", output, 0, room, wait))


CLOSE = b"\x03"


def meaning(reply):
    if reply[0] == 2:
        return "refused: " + take(reply[1:])[0].decode()
    return {1: "opened", 3: "exchanged", 4: "closed"}[reply[0]]


def told(case, what):
    print("answer: %s = %s" % (case, what), flush=True)


def forge(port):
    other = os.urandom(16)
    assert meaning(ask(connect(), other, open_frame(port))) == "opened"
    forged = bytes([other[0] ^ 1]) + other[1:]
    told("forge exchange", meaning(ask(connect(), forged, exchange_frame())))
    told("forge close", meaning(ask(connect(), forged, CLOSE)))
    assert meaning(ask(connect(), other, CLOSE)) == "closed"


def replay(port):
    name, stream = os.urandom(16), connect()
    assert meaning(ask(stream, name, open_frame(port))) == "opened"
    replies = []
    for _ in range(2):
        while True:
            reply = ask(connect(), name, exchange_frame(room=64))
            if take(reply[9:])[0]:
                break
        replies.append(take(reply[9:])[0])
    told("replay same bytes", "the same" if replies[0][:32] == replies[1][:32] else "others")
    assert meaning(ask(stream, name, CLOSE)) == "closed"
    while meaning(ask(stream, name, exchange_frame(wait=0))) == "exchanged":
        pass
    told("replay open", meaning(ask(connect(), name, open_frame(port))))
    told("replay exchange", meaning(ask(connect(), name, exchange_frame())))


def flood(port):
    """Wants one commit and then has others, without end."""
    name, stream = os.urandom(16), connect()
    assert meaning(ask(stream, name, open_frame(port))) == "opened"
    heads = b""
    while b"\n" not in heads:
        heads = take(ask(stream, name, exchange_frame())[9:])[0]
    have = b"0032have " + b"0" * 40 + b"\n"
    data = b"0032want " + heads[4:44] + b"\n0000" + have * 1000
    place, sent = 0, 0
    while sent < 10 << 30:
        reply = ask(stream, name, exchange_frame(place, data, wait=0))
        if reply[0] != 3 or reply[-4]:
            return told("flood", "ended")
        taken = struct.unpack(">Q", reply[1:9])[0] - place
        place, sent, data = place + taken, sent + taken, data[taken:]
        while len(data) < 60000:
            data += have * 100
    told("flood", "taken")


def spend(port):
    """Is refused so often, with such long names, that the log would hold nothing else."""
    stream = connect()
    try:
        while True:
            ask(stream, os.urandom(16), open_frame(port, b"acme/" + b"x" * 240))
    except (AssertionError, EOFError, OSError):
        told("spend", "ended")


if __name__ == "__main__":
    for case in sys.argv[2:]:
        {"forge": forge, "replay": replay, "flood": flood, "spend": spend}[case](int(sys.argv[1]))
