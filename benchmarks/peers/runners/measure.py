"""Run one command and write its cost: seconds of wall clock and of all cores, peak resident set, exit status.

Usage: measure.py RESULT LIMIT_S COMMAND... It runs in its own process, because Linux counts the memory of a parent
process into the peak of its child: started from the large process that measures mosaics, a small tool would look large.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time


def main() -> None:
    result, limit_s, *command = sys.argv[1:]
    start = time.perf_counter()
    process = subprocess.Popen(command, start_new_session=True)

    def stop(number: int, frame: object) -> None:
        os.killpg(process.pid, signal.SIGKILL)

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(int(float(limit_s)))
    try:
        _, status, usage = os.wait4(process.pid, 0)
    except KeyboardInterrupt:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    signal.alarm(0)
    took = {
        "wall_s": round(time.perf_counter() - start, 2),
        "cpu_s": round(usage.ru_utime + usage.ru_stime, 2),
        "peak_mb": round(usage.ru_maxrss / 1024),
        "status": os.waitstatus_to_exitcode(status),
    }
    with open(result, "w", encoding="utf-8") as file:
        json.dump(took, file)


if __name__ == "__main__":
    main()
