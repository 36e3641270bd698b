"""What the paper on learned priors says, and its tables."""

from vaekit.experiments._claims import Claim, Finding, is_lower
from vaekit.experiments._tables import Table
from vaekit.experiments.studies._figures import compared
from vaekit.experiments.studies._images import rises, told

PICTURES = ("mnist", "fashion_mnist", "cifar10", "cifar10_sample")
LEARNED = ("FP-VAE", "Prior-AAE")
CONDITIONAL = ("conditional, normal prior", "conditional, learned prior")


def separates_better(data):
    """Test that labels lie further apart in z than in z0 at the betas below 1, in the mean."""

    def test(frame):
        rows = frame[(frame.data == data) & (frame.method == "FP-VAE")]
        if rows.empty or not {"separability_z", "separability_z0"} <= {*rows}:
            return None
        of_betas = rows.groupby("beta")
        means = of_betas[["separability_z", "separability_z0"]].mean()
        z, z0 = (told(dict(iter(of_betas[f"separability_{space}"]))) for space in ("z", "z0"))
        said = f"z {z}; z0 {z0} ({rows.seed.nunique()} seeds)"
        return Finding(bool((means.separability_z < means.separability_z0).all()), said)

    return test


def is_more_diverse(data):
    """Test that samples of a label differ more with the learned prior."""
    of = [{"data": data, "method": method} for method in CONDITIONAL]
    return is_lower("diversity", *of)


def draw_distances(frame):
    """As figure 3: Fréchet distances of samples, and of images half-way between two codes, at every beta."""
    settings = frame[frame.method.isin((*LEARNED, "VAE", "beta-VAE"))]
    names = {"fid": "samples", "fid_between_z": "half-way"}
    ways = dict.fromkeys(names.values(), "lower")
    return compared(settings.rename(columns=names), ["method", "beta"], ways, "data")


CLAIMS = [
    *(Claim(f"{data}: the Fréchet distance of {method} falls as beta goes to 0", "figure 3",
            rises("fid", "beta", data=data, method=method)) for data in PICTURES for method in LEARNED),
    *(Claim(f"{data}: labels are separated better in z_T than in z_0", "table 1 (CelebA)", separates_better(data))
      for data in PICTURES[:3]),
    *(Claim(f"{data}: samples given a label are more diverse with a learned prior", "table 2 (DeepFashion)",
            is_more_diverse(data)) for data in PICTURES[:2]),
    Claim("CelebA and DeepFashion by the published networks", "tables 1 and 2",
          why_not="needs CelebA at 128 pixels under a perceptual loss, and DeepFashion with VUNET"),
]  # fmt: skip
SHOWN = [
    Table("Samples, and what lies between codes (Fréchet distances)", ["data", "method", "beta"],
          {"fid": "samples:.1f", "fid_between_z": "half-way in z:.1f", "fid_between_z0": "half-way in z0:.1f"},
          {("CelebA", "VAE", ""): {"fid": "41.4 (Inception)"}, ("CelebA", "FP-VAE", ""): {"fid": "33.1 (Inception)"}}),
    Table("Separability of labels (lower is better)", ["data", "method", "beta"],
          {"separability_z": "z_T", "separability_z0": "z_0"},
          {("CelebA", "VAE", ""): {"separability_z": "2.14"},
           ("CelebA", "beta-VAE", ""): {"separability_z": "2.09"},
           ("CelebA", "FP-VAE", ""): {"separability_z": "1.67", "separability_z0": "2.82"}}),
    Table("Given a label", ["data", "method"], {"diversity": "distance of two samples", "label_shown":
          "label shown:.2f", "fid": "Fréchet distance:.1f"},
          {("DeepFashion", CONDITIONAL[0]): {"diversity": ".184 (LPIPS; inception score 2.63)"},
           ("DeepFashion", CONDITIONAL[1]): {"diversity": ".236 (LPIPS; inception score 2.70)"}},
          of=lambda frame: frame[frame.method.isin(CONDITIONAL)]),
]  # fmt: skip
