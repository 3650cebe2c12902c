"""paramiko uses the agent: `with_paramiko.py use`, or as git's ssh: `with_paramiko.py -p PORT git@HOST COMMAND`."""

import argparse
import os
import sys
import threading

import paramiko


def use():
    """Lists every key and verifies a signature of each."""
    for key in paramiko.Agent().get_keys():
        rsa = key.name == "ssh-rsa"
        for algorithm in ["rsa-sha2-256", "rsa-sha2-512"] if rsa else [key.name]:
            signature = paramiko.Message(key.sign_ssh_data(b"data", algorithm))
            assert signature.get_text() == algorithm
            signature.rewind()
            assert key.inner_key.verify_ssh_sig(b"data", signature)
            print(algorithm, key.comment)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("-p", type=int)
    parser.add_argument("-o", action="append")
    parser.add_argument("destination")
    parser.add_argument("command")
    asked = parser.parse_args()
    user, host = asked.destination.split("@")
    client = paramiko.SSHClient()
    client.load_host_keys(os.environ["KNOWN_HOSTS"])
    client.set_missing_host_key_policy(paramiko.RejectPolicy())
    client.connect(host, asked.p, user, look_for_keys=False, allow_agent=True)
    channel = client.get_transport().open_session()
    channel.exec_command(asked.command)
    threading.Thread(target=send, args=[channel], daemon=True).start()
    while piece := channel.recv(65536):
        os.write(1, piece)
    status = channel.recv_exit_status()
    client.close()
    return status


def send(channel):
    while piece := os.read(0, 65536):
        channel.sendall(piece)
    channel.shutdown_write()


sys.exit(use() if sys.argv[1:] == ["use"] else main())
