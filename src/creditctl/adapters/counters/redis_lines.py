"""Scripts run in Redis by the shortest way: one write and one read on a connection that is kept.

Each decision of the gate waits for this. The client's own `evalsha` looks after retries, pools,
metrics and encodings at every call, which takes longer than Redis does.
"""

import os
from collections.abc import Sequence
from hashlib import sha1
from typing import Any, TypeAlias

from creditctl.adapters.counters.interface import CountersDown

Call: TypeAlias = tuple[Sequence[bytes], bytes]
"""Keys, and the one argument."""


class Lines:
    """Connections of one process, as many as threads ask at once; shared by threads.

    A connection that was idle may have been closed by the other side, which shows when it is used:
    then the script is sent again, once, on a new one. Should the server have gone down after it
    ran the first, a request is counted twice; it is never left out. A server that does not answer
    in time is not asked again: a request must not wait for its decision.
    """

    def __init__(self, client: Any) -> None:
        import redis

        self._client = client
        self._lost: type[Exception] = redis.ConnectionError
        self._unknown: type[Exception] = redis.exceptions.NoScriptError
        self._errors: type[Exception] = redis.RedisError
        self._idle: list[Any] = []
        self._process = os.getpid()

    def run(self, script: "Script", calls: Sequence[Call]) -> list[Any]:
        """The script's answer to each call, all asked in one trip; raises CountersDown."""
        if self._process != os.getpid():  # a forked process must not share connections
            self._idle, self._process = [], os.getpid()
        commands = [script.command(keys, argument) for keys, argument in calls]
        try:
            return self._asked(script, commands)
        except self._errors as problem:
            raise CountersDown(f"Redis: {problem}") from problem

    def _asked(self, script: "Script", commands: list[bytes]) -> list[Any]:
        try:
            line = self._idle.pop()  # one step, whatever other threads do
        except IndexError:
            return self._exchange(script, self._client.connection_pool.get_connection(), commands)
        try:
            return self._exchange(script, line, commands)
        except self._lost:
            return self._asked(script, commands)

    def _exchange(self, script: "Script", line: Any, commands: list[bytes]) -> list[Any]:
        """Whatever fails leaves the connection closed, and out of use."""
        try:
            answers = self._answers(line, commands)
            left = [place for place, answer in enumerate(answers) if answer is None]
            if left:  # the server is a new one
                line.send_command("SCRIPT", "LOAD", script.text)
                line.read_response()
                for place in left:
                    line.send_packed_command((commands[place],))
                    answers[place] = line.read_response(disable_decoding=True)
        except BaseException:
            line.disconnect()
            self._client.connection_pool.release(line)
            raise
        self._idle.append(line)
        return answers

    def _answers(self, line: Any, commands: list[bytes]) -> list[Any]:
        """None for what the server did not know the script of."""
        line.send_packed_command((b"".join(commands),))
        answers = []
        for _ in commands:
            try:
                answers.append(line.read_response(disable_decoding=True))
            except self._unknown:
                answers.append(None)
        return answers


class Script:
    """A script, known to the server by its hash; all its arguments are one."""

    def __init__(self, text: str) -> None:
        self.text = text
        name = sha1(text.encode(), usedforsecurity=False).hexdigest().encode()
        self._name = b"$7\r\nEVALSHA\r\n$40\r\n%b\r\n" % name

    def command(self, keys: Sequence[bytes], argument: bytes) -> bytes:
        """The bytes that run it (RESP, the protocol of Redis)."""
        count = b"%d" % len(keys)
        words = b"".join(
            [b"$%d\r\n%b\r\n" % (len(word), word) for word in (count, *keys, argument)]
        )
        return b"*%d\r\n%b%b" % (4 + len(keys), self._name, words)
