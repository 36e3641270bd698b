"""What the paper on decoupled priors says, its table and its figures."""

import numpy as np

from vaekit.evaluation import LeakageCurve
from vaekit.experiments._claims import Claim, Finding, is_lower
from vaekit.experiments._tables import Table
from vaekit.experiments.studies._images import told
from vaekit.inspection import LeakageDisplay, SamplesDisplay

OF_TABLE_1 = {"VAE": "VAE", "bH": "BetaVAE", "bB": "AnnealedVAE", "TC": "BetaTCVAE", "Factor": "FactorVAE",
              "Info": "InfoVAE"}  # fmt: skip
PRIORS = {"plain": "normal", "decoupled": "decoupled"}
SHARES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)  # of N(0, I), below the thresholds of the curve


def lower_in_all(number, data, methods=tuple(OF_TABLE_1)):
    """Test that the decoupled twin of every method has the lower mean."""

    def test(frame):
        rows = frame[frame.data == data]
        if rows.empty or number not in rows:
            return None
        both = rows.groupby(["method", "prior"])[number].mean().unstack().dropna()
        if not {*methods} <= {*both.index}:
            return None
        twins = rows.pivot(index="seed", columns=["prior", "method"], values=number)
        gain = {method: twins.plain[method] - twins.decoupled[method] for method in methods}
        holds = all(one.mean() > 0 for one in gain.values())
        return Finding(holds, f"lower by {told(gain)} ({rows.seed.nunique()} seeds)")

    return test


def on_moons(number, method):
    """Test one pair on two moons."""
    of = {"data": "moons", "method": method}
    return is_lower(number, {**of, "prior": "decoupled"}, {**of, "prior": "plain"})


PUBLISHED = """
VAE    plain     137.4 165.0 1.26 3.56 | 78.9 83.8 53.67 .386 | 81.4 79.0 59.3 9.26
VAE    decoupled 129.0 153.1 .88 3.53  | 50.8 55.2 13.02 .318 | 71.5 74.3 10.4 4.91
bH     plain     144.2 163.1 4.49 4.12 | 96.7 97.6 10.35 .611 | 80.3 79.9 39.7 6.93
bH     decoupled 127.1 127.4 1.07 2.98 | 65.2 67.7 4.05 .592  | 67.2 72.5 33.5 10.6
bB     plain     130.8 163.6 2.74 3.11 | 61.7 68.5 2.62 .606  | 75.7 79.6 25.8 12.5
bB     decoupled 113.3 114.1 1.32 2.80 | 51.1 50.3 2.47 .550  | 67.9 72.0 19.1 10.4
TC     plain     149.8 200.3 4.48 2.91 | 69.2 70.5 7.76 9.86  | 83.8 83.0 93.6 9.33
TC     decoupled 133.3 133.1 2.07 2.70 | 50.3 53.8 2.94 4.52  | 80.3 81.4 90.3 10.0
Factor plain     130.5 191.2 1.04 3.50 | 97.2 108.5 1.91 2.13 | 82.6 86.8 71.3 9.89
Factor decoupled 120.8 121.3 .85 3.60  | 86.3 86.9 1.57 2.36  | 65.0 73.4 51.3 12.2
Info   plain     128.7 133.2 2.89 2.88 | 81.3 83.2 4.91 1.55  | 76.5 79.1 30.6 11.1
Info   decoupled 110.1 110.5 1.70 2.81 | 62.9 67.7 2.67 1.56  | 68.9 72.9 20.3 12.1
"""
PUBLISHED_METRIC = {"bH": (".87", ".85"), "bB": (".67", ".61"), "TC": (".98", ".96"), "Factor": (".98", ".99")}
COLUMNS = {"fid": "FID:.1f", "fid_lp": "FID-LP:.1f", "skl": "sKL:.2f", "nll": "NLL:.1f"}


def published_table(place):
    """Table 1 for one data set, by method and prior; its NLL is in thousands."""
    table = {}
    for line in PUBLISHED.strip().splitlines():
        (method, prior, *first), *others = (part.split() for part in line.split("|"))
        numbers = [first, *others][place]
        table[method, prior] = dict(zip(COLUMNS, [*numbers[:3], f"{numbers[3]} (thousands)"]))
    return table


def draw_leakage(frame):
    """Two moons, as figure 4: leakage of the VAE and of its decoupled twin below each threshold (mean over seeds)."""
    rows = frame[(frame.data == "moons") & (frame.method == "VAE")]
    curves = {f"{prior} prior": np.mean(list(of.leakage_curve), axis=0) for prior, of in rows.groupby("prior")}
    return LeakageDisplay(
        shares=np.array(SHARES), curves={name: LeakageCurve(*curve) for name, curve in curves.items()}
    )


def draw_samples(prior):
    """Return what shows samples of the VAE with one of the priors, of the first seed."""

    def draw(frame):
        row = frame[(frame.data == "moons") & (frame.method == "VAE") & (frame.prior == prior)].iloc[0]
        return SamplesDisplay(X=np.array(row.rows), samples=np.array(row.samples))

    draw.__doc__ = f"Two moons, as figures 1 and 3: data, and samples of the VAE with a {prior} prior."
    return draw


OURS = {"leakage": "leakage:.3f", "reconstruction": "reconstruction:.1f"}
ABOVE = "table 1"
CLAIMS = [
    *(Claim(f"{data}: the decoupled twin of every method has the lower {COLUMNS[number].partition(':')[0]}",
            ABOVE, lower_in_all(number, data, tuple(m for m in OF_TABLE_1 if (number, m) != ("nll", "Factor"))))
      for data in ("mnist", "svhn", "celeba") for number in COLUMNS),
    *(Claim(f"two moons: {method} has the lower {said} with a decoupled prior", source, on_moons(number, method))
      for number, said, source, methods in (
          ("skl", "symmetric KL", "table 1 on other data; figure 1", ("VAE", "bH", "TC")),
          ("distance", "distance of samples to the data", "figures 1 and 3", ("VAE", "bH")),
          ("leakage", "leakage below a base density of e^-3", "figure 4, section 4", ("VAE", "bH")))
      for method in methods),
    Claim("the FactorVAE metric on MNIST is the same with both priors", "supplement, table 2",
          why_not="the metric fixes a factor for each vote, and MNIST has labels alone"),
    Claim("faces and house numbers of low posterior density look better", "figure 6",
          why_not="a judgement of pictures; FID-LP is its number"),
]  # fmt: skip
SHOWN = [
    *(Table(f"Table 1, {data}", ["method", "prior"], COLUMNS | OURS, published_table(place), {"data": data})
      for place, data in enumerate(("mnist", "svhn", "celeba"))),
    Table("Supplement, table 2, mnist", ["method", "prior"], {"factor_vae": "FactorVAE metric:.2f"},
          {(method, prior): {"factor_vae": value} for method, values in PUBLISHED_METRIC.items()
           for prior, value in zip(PRIORS, values)}, {"data": "mnist"}),
    Table("Two moons", ["method", "prior"], {"skl": "sKL", "distance": "distance of samples", "leakage": "leakage"},
          only={"data": "moons"}),
]  # fmt: skip
FIGURES = {"leakage": draw_leakage, **{f"samples_{prior}": draw_samples(prior) for prior in PRIORS}}
