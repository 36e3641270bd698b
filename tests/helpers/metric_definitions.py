"""The published definitions, read line by line in plain Python: slow, obvious, and written apart from the library."""

import math
import random
from collections import Counter
from itertools import permutations

from sklearn.linear_model import LogisticRegression


def columns(table):
    return [list(column) for column in zip(*[list(row) for row in table])]


def mean(values):
    values = list(values)
    return sum(values) / len(values)


def variance(values, ddof):
    m = mean(values)
    return sum((v - m) ** 2 for v in values) / (len(values) - ddof)


def entropy(labels):
    n = len(labels)
    return -sum(c / n * math.log(c / n) for c in Counter(labels).values())


def mutual_information(a, b):
    n, count_a, count_b = len(a), Counter(a), Counter(b)
    pairs = Counter(zip(a, b)).items()
    return sum(c / n * math.log(n * c / (count_a[x] * count_b[y])) for (x, y), c in pairs)


def equal_width_bin(value, low, high, n_bins):
    """Number of the inner edges that are not above the value."""
    edges = [low + i * (high - low) / n_bins for i in range(1, n_bins)]
    return sum(edge <= value for edge in edges)


def binned(code, n_bins):
    return [equal_width_bin(value, min(code), max(code), n_bins) for value in code]


def information_matrix(factors, codes, n_bins=20):
    return [[mutual_information(binned(z, n_bins), v) for v in columns(factors)] for z in columns(codes)]


def top_two_gap(values):
    first, second = sorted(values, reverse=True)[:2]
    return first - second


def mig(factors, codes, n_bins=20):
    information = columns(information_matrix(factors, codes, n_bins))
    return mean(top_two_gap(of_factor) / entropy(v) for of_factor, v in zip(information, columns(factors)))


def shares(factors, codes, n_bins=20):
    entropies = [entropy(v) for v in columns(factors)]
    return [[i / h for i, h in zip(row, entropies)] for row in information_matrix(factors, codes, n_bins)]


def mig_sup(factors, codes):
    return mean(top_two_gap(of_code) for of_code in shares(factors, codes))


def dcimig(factors, codes):
    own = [0.0] * len(columns(factors))
    for of_code in information_matrix(factors, codes):
        k = of_code.index(max(of_code))
        own[k] = max(own[k], top_two_gap(of_code))
    return sum(own) / sum(entropy(v) for v in columns(factors))


def jemmig(factors, codes, n_bins=20):
    scores = []
    for v, of_factor in zip(columns(factors), columns(information_matrix(factors, codes, n_bins))):
        best = binned(columns(codes)[of_factor.index(max(of_factor))], n_bins)
        joint = entropy(list(zip(best, v)))
        scores.append(1 - (joint - top_two_gap(of_factor)) / (entropy(v) + math.log(n_bins)))
    return mean(scores)


def quantile(values, q):
    """Linear between the sorted values."""
    ordered = sorted(values)
    place = q * (len(ordered) - 1)
    below = int(place)
    return ordered[below] + (place - below) * (ordered[min(below + 1, len(ordered) - 1)] - ordered[below])


def interventional_robustness(factors, codes, q=0.99):
    robust, furthest = [], []
    for z in columns(codes):
        d = max(abs(value - mean(z)) for value in z)
        moves = []
        for of_factor in rows_by_value(factors):
            held = [[z[row] for row in rows] for rows in of_factor.values()]
            moves.append(mean(quantile([abs(value - mean(some)) for value in some], q) for some in held))
        robust.append(1 - min(moves) / d)
        furthest.append(d)
    return sum(r * d for r, d in zip(robust, furthest)) / sum(furthest)


def cubic_kernel(x, y):
    return (sum(a * b for a, b in zip(x, y)) / len(x) + 1) ** 3


def kernel_distance(real, fake):
    within = [mean(cubic_kernel(x, y) for x, y in permutations(rows, 2)) for rows in (real, fake)]
    return sum(within) - 2 * mean(cubic_kernel(r, f) for r in real for f in fake)


def modularity(factors, codes, n_bins=20):
    scores = []
    for row in information_matrix(factors, codes, n_bins):
        squares = [m**2 for m in row]
        top = max(squares)
        scores.append(1 - (sum(squares) - top) / (top * (len(row) - 1)) if top > 0 else 0.0)
    return mean(scores)


def correlation(a, b):
    ma, mb = mean(a), mean(b)
    covariance = sum((x - ma) * (y - mb) for x, y in zip(a, b))
    scale = math.sqrt(sum((x - ma) ** 2 for x in a) * sum((y - mb) ** 2 for y in b))
    return covariance / scale if scale > 0 else 0.0


def ranks(values):
    """Rank from 1; ties share the mean of their places."""
    return [mean([sum(w < v for w in values) + 1, sum(w <= v for w in values)]) for v in values]


def sap_of_correlations(factors, codes):
    return mean(top_two_gap([correlation(z, v) ** 2 for z in columns(codes)]) for v in columns(factors))


def mean_correlation(factors, codes, rank=False):
    v, z = columns(factors), columns(codes)
    if rank:
        v, z = [ranks(c) for c in v], [ranks(c) for c in z]
    strengths = [[abs(correlation(a, b)) for b in z] for a in v]
    matchings = permutations(range(len(z)), len(v))
    return max(mean(strengths[k][j] for k, j in enumerate(matching)) for matching in matchings)


def disentanglement(importance):
    total = sum(map(sum, importance))
    score = 0.0
    for row in importance:
        if sum(row) == 0:
            continue
        shares = [p / sum(row) for p in row]
        score += sum(row) / total * (1 + sum(p * math.log(p, len(row)) for p in shares if p > 0))
    return score


def completeness(importance):
    return disentanglement(columns(importance))


def gaussian_total_correlation(codes):
    z = columns(codes)
    m = [mean(c) for c in z]
    n = len(z[0])
    S = [[sum((a - i) * (b - j) for a, b in zip(za, zb)) / (n - 1) for zb, j in zip(z, m)] for za, i in zip(z, m)]
    return 0.5 * (sum(math.log(S[j][j]) for j in range(len(S))) - math.log(determinant(S)))


def determinant(matrix):
    if len(matrix) == 1:
        return matrix[0][0]
    minors = [[row[:j] + row[j + 1 :] for row in matrix[1:]] for j in range(len(matrix))]
    return sum((-1) ** j * matrix[0][j] * determinant(minor) for j, minor in enumerate(minors))


def area_under_curve(positives, negatives):
    """Chance that a positive is ranked above a negative, ties counting half."""
    return mean((p > q) + 0.5 * (p == q) for p in positives for q in negatives)


def relative_strength(strengths):
    def along(rows):
        return mean(max(row) ** 2 / sum(row) if sum(row) > 0 else 0.0 for row in rows)

    return (along(strengths) + along(columns(strengths))) / 2


def udr_of_ranks(models):
    z = [[ranks(code) for code in columns(codes)] for codes in models]
    scores = []
    for j, target in enumerate(z):
        others = [source for i, source in enumerate(z) if i != j]
        pairs = [relative_strength([[abs(correlation(a, b)) for b in target] for a in source]) for source in others]
        pairs.sort()
        middle = len(pairs) // 2
        scores.append(pairs[middle] if len(pairs) % 2 else mean(pairs[middle - 1 : middle + 1]))
    return scores


def separability(tables):
    """Tables of counts, rows the predictions and columns the labels."""
    total = 0.0
    for table in tables:
        n = sum(map(sum, table))
        total -= sum(c / n * math.log(c / sum(row)) for row in table for c in row if c > 0)
    return math.exp(total)


def rows_by_value(factors):
    groups = []
    for v in columns(factors):
        of_factor = {}
        for row, value in enumerate(v):
            of_factor.setdefault(value, []).append(row)
        groups.append(of_factor)
    return groups


def factor_vae_vote(batch, scales):
    """Number of the code that varies least in the batch, relative to all rows."""
    ratios = [variance(code, 1) / scale**2 for code, scale in zip(columns(batch), scales)]
    return ratios.index(min(ratios))


def factor_vae(factors, codes, n_train, n_test, batch_size, seed):
    draw = random.Random(seed)
    groups = rows_by_value(factors)
    scales = [math.sqrt(variance(code, 1)) for code in columns(codes)]

    def cast(n_votes):
        votes = []
        for _ in range(n_votes):
            k = draw.randrange(len(groups))
            held = factors[draw.randrange(len(factors))][k]
            batch = [codes[draw.choice(groups[k][held])] for _ in range(batch_size)]
            votes.append((k, factor_vae_vote(batch, scales)))
        return votes

    train = Counter(cast(n_train))
    rule = {j: max(range(len(groups)), key=lambda k: train[k, j]) for j in range(len(scales))}
    return mean(rule[j] == k for k, j in cast(n_test))


def beta_vae(factors, codes, n_train, n_test, batch_size, seed):
    draw = random.Random(seed)
    groups = rows_by_value(factors)

    def points(n_points):
        d, shared = [], []
        for _ in range(n_points):
            k = draw.randrange(len(groups))
            differences = []
            for _ in range(batch_size):
                first = draw.randrange(len(factors))
                second = first
                while second == first:
                    second = draw.choice(groups[k][factors[first][k]])
                differences.append([abs(a - b) for a, b in zip(codes[first], codes[second])])
            d.append([mean(column) for column in columns(differences)])
            shared.append(k)
        return d, shared

    return LogisticRegression(max_iter=1000).fit(*points(n_train)).score(*points(n_test))
