"""asyncssh uses the agent: `with_asyncssh.py use KEY`, or as git's ssh: `with_asyncssh.py -p PORT git@HOST COMMAND`."""

import argparse
import asyncio
import os
import sys

import asyncssh


async def use(path):
    """Adds a key, lists every key, verifies a signature of each, locks, unlocks and removes."""
    async with asyncssh.connect_agent() as agent:
        before = len(await agent.get_keys())
        await agent.add_keys([asyncssh.read_private_key(path)], lifetime=60)
        keys = await agent.get_keys()
        assert len(keys) == before + 1
        for key in keys:
            await verify(key)
        await agent.lock("passphrase")
        assert await agent.get_keys() == []
        await agent.unlock("passphrase")
        await agent.remove_keys([keys[-1]])
        assert len(await agent.get_keys()) == before
        await agent.remove_all()
        assert await agent.get_keys() == []


async def verify(key):
    public = asyncssh.public_key.decode_ssh_public_key(key.public_data)
    name = key.algorithm.decode()
    for algorithm in ["rsa-sha2-256", "rsa-sha2-512"] if name == "ssh-rsa" else [name]:
        key.set_sig_algorithm(algorithm.encode())
        signature = await key.sign_async(b"data")
        assert signature[4 : 4 + len(algorithm)] == algorithm.encode()
        assert public.verify(b"data", signature)
        key._flags = 0
        print(algorithm, key.get_comment())


async def fetch():
    parser = argparse.ArgumentParser()
    parser.add_argument("-p", type=int)
    parser.add_argument("-o", action="append")
    parser.add_argument("destination")
    parser.add_argument("command")
    asked = parser.parse_args()
    user, host = asked.destination.split("@")
    known = os.environ["KNOWN_HOSTS"]
    # It closes what it is given, and Python's own are flushed at the end.
    stdin, stdout, stderr = map(os.dup, range(3))
    async with asyncssh.connect(host, asked.p, username=user, known_hosts=known, config=None) as host:
        done = await host.run(asked.command, stdin=stdin, stdout=stdout, stderr=stderr, encoding=None)
    return done.exit_status


sys.exit(asyncio.run(use(sys.argv[2]) if sys.argv[1] == "use" else fetch()))
