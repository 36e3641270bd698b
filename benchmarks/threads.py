"""Threads: a fit on digits beside a busy process, with torch's own number of threads and with OMP_NUM_THREADS=1.

    python benchmarks/threads.py --rounds 3

Prints seconds of each and their ratio; `--all-threads` adds a fit that is made to use every core.
"""

import argparse
import contextlib
import os
import statistics
import subprocess
import sys

FIT = """
import time
from sklearn.datasets import load_digits
from vaekit import VAE
X = load_digits().data
VAE(max_epochs=1).fit(X[:256])  # what a first fit pays once
started = time.perf_counter()
VAE(max_epochs={epochs}, random_state=0).fit(X)
print(time.perf_counter() - started)
"""
THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "VAEKIT_NUM_THREADS")


@contextlib.contextmanager
def busy_processes(n):
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(n)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def seconds(epochs, **variables):
    """Seconds of a fit in a process of its own, with these environment variables of all that speak of threads."""
    environment = {name: value for name, value in os.environ.items() if name not in THREAD_VARIABLES} | variables
    command = [sys.executable, "-W", "ignore", "-c", FIT.format(epochs=epochs)]
    return float(subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--busy", type=int, default=max(1, os.cpu_count() // 2), help="busy processes beside the fit")
    parser.add_argument("--all-threads", action="store_true", help="measure every core at work on the fit, too")
    arguments = parser.parse_args()
    settings = {"as torch comes": {}, "OMP_NUM_THREADS=1": {"OMP_NUM_THREADS": "1"}}
    if arguments.all_threads:
        settings["all threads"] = {"VAEKIT_NUM_THREADS": str(os.cpu_count())}
    times = {name: [] for name in settings}
    with busy_processes(arguments.busy):
        for _ in range(arguments.rounds):
            for name, variables in settings.items():
                times[name].append(seconds(arguments.epochs, **variables))
                print(f"{name:>18}: {times[name][-1]:6.2f} s", flush=True)
    medians = {name: statistics.median(values) for name, values in times.items()}
    for name, median in medians.items():
        print(
            f"{name:>18}: median {median:6.2f} s, {median / medians['OMP_NUM_THREADS=1']:.2f} times OMP_NUM_THREADS=1"
        )


if __name__ == "__main__":
    main()
