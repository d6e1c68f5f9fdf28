"""Runs a process and prints, as JSON, what it took: `python small_parent.py LOG COMMAND ...`.

A program of its own, and a small one: a process begins with the peak of memory of the one that
starts it, which Linux keeps when the program is replaced (exec_mmap in fs/exec.c). A benchmark has
read and counted much by the time at which it measures.
"""

import json
import os
import sys
import time

_, log, *command = sys.argv
output = (
    (os.POSIX_SPAWN_OPEN, 1, log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644),
    (os.POSIX_SPAWN_DUP2, 1, 2),
)
start = time.perf_counter()
process = os.posix_spawnp(command[0], command, os.environ, file_actions=output)
_, status, usage = os.wait4(process, 0)
took = {
    "seconds": time.perf_counter() - start,
    "processor": usage.ru_utime + usage.ru_stime,
    "peak": usage.ru_maxrss * 1024,
    "code": os.waitstatus_to_exitcode(status),
}
print(json.dumps(took))
