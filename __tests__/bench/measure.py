"""Runs one command and prints what it took, as the kernel counted it.

Reads {"command", "cwd", "env", "log"} as JSON from standard input. A small process of its own, because the kernel adds
the memory of whoever starts a process to that process's peak.
"""

import json
import os
import signal
import sys
import time

task = json.load(sys.stdin)
os.chdir(task["cwd"])
actions = [
    (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
    (os.POSIX_SPAWN_OPEN, 1, task["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
    (os.POSIX_SPAWN_DUP2, 1, 2),
]
started_at = time.time()
start = time.monotonic()
pid = os.posix_spawn(task["command"][0], task["command"], task["env"], file_actions=actions)
signal.signal(signal.SIGTERM, lambda *_: os.kill(pid, signal.SIGKILL))
_, status, usage = os.wait4(pid, 0)
seconds = time.monotonic() - start
print(
    json.dumps(
        {
            "seconds": seconds,
            "cpuSeconds": usage.ru_utime + usage.ru_stime,
            "peakMiB": usage.ru_maxrss / 1024,
            "exitCode": os.waitstatus_to_exitcode(status),
            "startedAtMs": started_at * 1000,
        }
    )
)
