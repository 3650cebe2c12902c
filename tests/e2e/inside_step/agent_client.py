"""What a hostile build step says to its agent socket, byte by byte.

    agent_client.py CASE...                    sends each case on its own connection
    agent_client.py spend COUNT                asks for COUNT logins
    agent_client.py flood COUNT                holds COUNT connections that ask at the same time
    agent_client.py beside COUNT COMMAND...    runs a command beside COUNT stalled connections

What comes back is printed as `answer: CASE = WHAT`.
"""

import os
import socket
import struct
import subprocess
import sys

PATIENCE = 5
FEW = 1
REQUEST_IDENTITIES, IDENTITIES_ANSWER, SIGN_REQUEST, SIGN_RESPONSE = 11, 12, 13, 14
FAILURE, SUCCESS, EXTENSION, EXTENSION_FAILURE = 5, 6, 27, 28
HOST_BOUND = b"publickey-hostbound-v00@openssh.com"


def number(value):
    return struct.pack(">I", value)


def string(value):
    return number(len(value)) + value


def frame(body):
    return number(len(body)) + body


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


def reply(stream):
    return exactly(stream, *struct.unpack(">I", exactly(stream, 4)))


def meaning(body):
    kind = body[0]
    if kind == IDENTITIES_ANSWER:
        return "%d keys" % struct.unpack(">I", body[1:5])
    names = {
        SIGN_RESPONSE: "signed",
        FAILURE: "failure",
        SUCCESS: "success",
        EXTENSION_FAILURE: "extension failure",
    }
    return names.get(kind, "message %d" % kind)


def outcome(stream):
    """A hung connection and a closed one are the same to the step: engines differ in which."""
    try:
        return meaning(reply(stream))
    except (EOFError, OSError):
        return "nothing"


def send(data, patience=PATIENCE):
    stream = connect()
    stream.settimeout(patience)
    try:
        stream.sendall(data)
    except OSError:
        pass
    return outcome(stream)


def granted_key():
    stream = connect()
    stream.sendall(frame(bytes([REQUEST_IDENTITIES])))
    body = reply(stream)
    (length,) = struct.unpack(">I", body[5:9])
    return body[9 : 9 + length]


def foreign_host_key():
    with open("/foreign_host_key", "rb") as file:
        return file.read()


def login(key, user=b"git", service=b"ssh-connection", algorithm=b"ssh-ed25519", host_key=None):
    data = string(b"s" * 32) + bytes([50]) + string(user) + string(service)
    data += string(HOST_BOUND if host_key else b"publickey") + b"\x01"
    data += string(algorithm) + string(key)
    return data + string(host_key) if host_key else data


def sshsig():
    return b"SSHSIG" + string(b"git") + string(b"") + string(b"sha512") + string(b"h" * 64)


def sign(key, data):
    return bytes([SIGN_REQUEST]) + string(key) + string(data) + number(0)


def messages(key):
    """Requests that are well-formed, and not for a build."""
    stranger = string(b"ssh-ed25519") + string(b"k" * 32)
    words = string(b"words")
    return {
        "login": sign(key, login(key)),
        "stranger": sign(stranger, login(stranger)),
        "sshsig": sign(key, sshsig()),
        "hash": sign(key, b"h" * 32),
        "user": sign(key, login(key, user=b"root\x1b]0;x\x07\r\nkeystay: all is well\xff")),
        "service": sign(key, login(key, service=b"ssh-userauth")),
        "host": sign(key, login(key, host_key=foreign_host_key())),
        "algorithm": sign(key, login(key, algorithm=b"ssh-rsa")),
        "add": bytes([17]) + string(b"ssh-ed25519") + words,
        "add-constrained": bytes([25]) + string(b"ssh-ed25519") + words + b"\x02",
        "remove": bytes([18]) + string(key),
        "remove-all": bytes([19]),
        "add-card": bytes([20]) + words + words,
        "add-card-constrained": bytes([26]) + words + words + b"\x02",
        "remove-card": bytes([21]) + words + words,
        "lock": bytes([22]) + words,
        "unlock": bytes([23]) + words,
        "query": bytes([EXTENSION]) + string(b"query"),
        "session-bind": bytes([EXTENSION]) + string(b"session-bind@openssh.com") + words * 3 + b"\x00",
        "old-list": bytes([1]),
        "unknown": bytes([200]) + words,
    }


def breaches(key):
    """Bytes that are no message, or none that ends where its frame does."""
    whole = sign(key, login(key))
    large = bytes([SIGN_REQUEST]) + string(key)
    large += string(b"x" * ((16 << 20) - len(large) - 8)) + number(0)
    return {
        "garbage": frame(bytes(range(256))[13:] * 4),
        "truncated": frame(whole[:40]),
        "trailing": frame(whole + b"\x00"),
        "nested": frame(bytes([SIGN_REQUEST]) + number(1 << 30) + key),
        "list-trailing": frame(bytes([REQUEST_IDENTITIES]) + b"more"),
        "large": frame(large),
        "empty": number(0),
        "endless": number(0xFFFFFFFF) + b"x" * 1000,
        "half": frame(whole)[:-1],
    }


def flood(count):
    streams = [connect() for _ in range(count)]
    for stream in streams:
        try:
            stream.sendall(frame(bytes([REQUEST_IDENTITIES])))
        except OSError:
            pass
    answers = [outcome(stream) for stream in streams]
    listed = answers.count("1 keys")
    print("answer: flood = %d listed, %d not" % (listed, count - listed))


def spend(count):
    key = granted_key()
    stream = connect()
    answers = []
    for _ in range(count):
        stream.sendall(frame(sign(key, login(key))))
        answers.append(outcome(stream))
    print("answer: spend = %d signed, then %s" % (answers.count("signed"), answers[-1]))


def beside(count, command):
    whole = frame(bytes([REQUEST_IDENTITIES]))
    stalled = [connect() for _ in range(count)]
    for stream in stalled[::2]:
        stream.sendall(whole[:3])
    print("answer: beside = status %d" % subprocess.call(command))


def each(names):
    key = granted_key()
    framed = {name: frame(body) for name, body in messages(key).items()}
    known = {**framed, **breaches(key)}
    for name in names:
        patience = FEW if name in ("empty", "endless", "half") else PATIENCE
        print("answer: %s = %s" % (name, send(known[name], patience)))


def main(first, *rest):
    if first == "flood":
        flood(int(rest[0]))
    elif first == "spend":
        spend(int(rest[0]))
    elif first == "beside":
        beside(int(rest[0]), list(rest[1:]))
    else:
        each([first, *rest])


main(*sys.argv[1:])
