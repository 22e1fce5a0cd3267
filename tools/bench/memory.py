"""Memory and open files of a command, while it runs.

    python tools/bench/memory.py --minutes=30 -- python -m rwae_tf.train --dataset=moving_shapes ... --run_dir=R

Prints both every tenth of the time, then ends the command by SIGTERM. Linux alone.
"""

import argparse
import os
import signal
import subprocess
import sys
import time

_PARTS = 10


def read(pid):
    """Megabytes of memory that a process holds, and the number of its open files."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        [line] = [line for line in file if line.startswith("VmRSS")]
    return int(line.split()[1]) / 1000, len(os.listdir(f"/proc/{pid}/fd"))


def watch(command, seconds):
    """Start a command and give (seconds since its start, megabytes, open files) every tenth of `seconds`, then end it.

    Raises:
      SystemExit: if it ends before.
    """
    begin, process = time.monotonic(), subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        for part in range(1, _PARTS + 1):
            try:
                status = process.wait(max(0.0, begin + seconds * part / _PARTS - time.monotonic()))
            except subprocess.TimeoutExpired:
                yield time.monotonic() - begin, *read(process.pid)
            else:
                raise SystemExit(f"{command[0]}: ended with {status} after {time.monotonic() - begin:.0f} s")
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def main(argv):
    """Watch as `argv` says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30, help="how long")
    parser.add_argument("command", nargs="+", help="what runs, after --")
    options = parser.parse_args(argv)
    print("| minutes | MB | open files |\n|---|---|---|")
    for seconds, megabytes, files in watch(options.command, 60 * options.minutes):
        print(f"| {seconds / 60:.1f} | {megabytes:.1f} | {files} |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
