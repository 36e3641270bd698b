"""log q(z) at many points over all encodings: time, error and memory beside plain broadcasting.

    python benchmarks/aggregate_posterior.py [--threads 1] [--points 500] [--repeats 3] [--no-compile]

The job is 5000 points against 60,000 encodings of 10 latents. Times are taken on `--points` of them, the variants in
turn, the least of `--repeats`, and scaled to 5000; asked are 4 times the speed of broadcasting in the same precision,
20 times with a compiler. Rivals:

* broadcast: blocks of points against all encodings at once, as the formula is usually written;
* small blocks: the same expression in blocks that fit a cache, the best that broadcasting can do.

Errors are those against double precision throughout: with float32 they hold the rounding of points and encodings.
Memory is the peak of a process of its own that does the whole job, asked to stay below 500 MB.
"""

import argparse
import functools
import math
import subprocess
import sys
import time
from pathlib import Path

import torch

from vaekit.evaluation import aggregate_posterior_log_density

N_POINTS, N_ENCODINGS, N_COMPONENTS = 5000, 60_000, 10
SCALES = 1.0, 0.1, 0.001


def draw(scale, n_points, dtype):
    """Encodings, and points drawn from their mixture."""
    generator = torch.Generator().manual_seed(0)
    normal = functools.partial(torch.randn, generator=generator, dtype=torch.float64)
    loc = normal(N_ENCODINGS, N_COMPONENTS)
    spread = scale * torch.exp(0.2 * normal(N_ENCODINGS, N_COMPONENTS))
    rows = torch.randint(N_ENCODINGS, (n_points,), generator=generator)
    z = loc[rows] + spread[rows] * normal(n_points, N_COMPONENTS)
    return [tensor.to(dtype) for tensor in (z, loc, spread)]


def broadcast(z, loc, scale, block_of_points=50, block_of_encodings=N_ENCODINGS):
    """The formula, blocked over points (and encodings)."""
    blocks = list(zip(loc.split(block_of_encodings), scale.split(block_of_encodings)))
    return torch.cat(
        [
            torch.stack([log_sum(points, mu, sigma) for mu, sigma in blocks], 1).logsumexp(1)
            for points in z.split(block_of_points)
        ]
    ) - math.log(len(loc))


def log_sum(points, mu, sigma):
    standardized = (points[:, None] - mu) / sigma
    log_density = -0.5 * standardized**2 - sigma.log() - 0.5 * math.log(2 * math.pi)
    return log_density.sum(-1).logsumexp(1).double()


def in_small_blocks(z, loc, scale):
    return broadcast(z, loc, scale, 16, 1024)


def variants(dtype, compile):
    name = str(dtype).removeprefix("torch.")
    yield "broadcast", broadcast
    yield "small blocks", in_small_blocks
    yield "vaekit", lambda *job: aggregate_posterior_log_density(*job, dtype=name)
    if compile:
        yield "vaekit, compiled", lambda *job: aggregate_posterior_log_density(*job, dtype=name, compile=True)


def seconds(function, job):
    start = time.perf_counter()
    function(*job)
    return time.perf_counter() - start


def compare(scale, dtype, n_points, repeats, compile):
    """Print a line per variant: seconds for the whole job, speed against broadcasting, largest error in nats."""
    job = draw(scale, n_points, dtype)
    exact = broadcast(*draw(scale, n_points, torch.float64))
    functions = dict(variants(dtype, compile))
    errors = {name: (function(*job) - exact).abs().max().item() for name, function in functions.items()}
    rounds = [{name: seconds(function, job) for name, function in functions.items()} for _ in range(repeats)]
    best = {name: min(times[name] for times in rounds) * N_POINTS / n_points for name in functions}
    for name in functions:
        print(
            f"{scale:<6g} {str(dtype).removeprefix('torch.'):8} {name:17} {best[name]:7.2f} s "
            f"{best['broadcast'] / best[name]:6.1f} x   error {errors[name]:.0e} nats",
            flush=True,
        )


def whole_job(compile):
    """Do the whole job in this process, and print its seconds, its peak memory and what the imports took of it."""
    before = peak_megabytes()
    job = draw(0.1, N_POINTS, torch.float64)
    if compile:
        aggregate_posterior_log_density(job[0][:200], *job[1:], compile=True)
    taken = seconds(lambda *job: aggregate_posterior_log_density(*job, compile=compile), job)
    print(f"{taken:.2f} s, peak {peak_megabytes():.0f} MB, of which imports {before:.0f} MB")


def peak_megabytes():
    """Largest resident memory of this process so far (Linux; getrusage would count the parent's before the exec)."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--points", type=int, default=500)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--no-compile", action="store_true")
    parser.add_argument("--whole-job", choices=["eager", "compiled"], help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    if arguments.whole_job:
        whole_job(arguments.whole_job == "compiled")
        return
    print(f"{N_POINTS} points, {N_ENCODINGS} encodings, {N_COMPONENTS} latents, {arguments.threads} thread(s)")
    for dtype in (torch.float32, torch.float64):
        for scale in SCALES:
            compare(scale, dtype, arguments.points, arguments.repeats, not arguments.no_compile)
    for how in ["eager"] if arguments.no_compile else ["eager", "compiled"]:
        command = [sys.executable, __file__, "--whole-job", how, "--threads", str(arguments.threads)]
        print(
            f"whole job, float64, {how}:",
            subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip(),
        )


if __name__ == "__main__":
    main()
