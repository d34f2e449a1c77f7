"""Run one command and write what it took: seconds of wall clock and of all cores, peak resident set, exit status.

A process of its own because Linux counts the memory of whoever forked a process into that process's peak: measured from
the large process that judges mosaics, every small tool would seem as large. Usage: measure.py RESULT LIMIT_S COMMAND...
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
