"""Files with something wrong with them."""

import random


def mutations(whole, n_files, seed=0):
    """Yield so many damaged copies of a file's bytes, each of them another one: flips, cuts, holes, repeats, swaps."""
    rng, kinds = random.Random(seed), [flipped, flipped_bit, cut, holed, repeated, zeroed, swapped]
    n_yielded = 0
    while n_yielded < n_files:
        mutated = bytes(rng.choice(kinds)(bytearray(whole), rng))
        if mutated != whole:
            n_yielded += 1
            yield mutated


def flipped_bit(data, rng):
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return data


def flipped(data, rng):
    for _ in range(rng.randrange(1, 20)):
        data[rng.randrange(len(data))] = rng.randrange(256)
    return data


def cut(data, rng):
    return data[: rng.randrange(len(data))]


def holed(data, rng):
    start = rng.randrange(len(data))
    return data[:start] + data[start + rng.randrange(1, 100) :]


def repeated(data, rng):
    start = rng.randrange(len(data))
    return data[:start] + data[start : start + rng.randrange(1, 100)] + data[start:]


def zeroed(data, rng):
    start = rng.randrange(len(data))
    size = min(rng.randrange(1, 4096), len(data) - start)
    data[start : start + size] = bytes(size)
    return data


def swapped(data, rng):
    one, other = rng.randrange(len(data)), rng.randrange(len(data))
    data[one], data[other] = data[other], data[one]
    return data
