"""libgit2 clones with a key of the agent: `with_libgit2.py URL FOLDER`; the host must be in `~/.ssh/known_hosts`."""

import sys

import pygit2


class Callbacks(pygit2.RemoteCallbacks):
    asked = 0

    def credentials(self, url, username, allowed):
        # libgit2 asks again when the host refuses.
        self.asked += 1
        assert self.asked == 1, "the host refused the agent's keys"
        return pygit2.KeypairFromAgent(username)

    def certificate_check(self, certificate, valid, host):
        return valid


pygit2.clone_repository(*sys.argv[1:3], callbacks=Callbacks())
