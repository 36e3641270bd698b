"""Studies: tables of runs, numbers measured of each, and claims about them, by one command and any number of machines.

``python -m vaekit.experiments list`` names those that are here.
"""

from vaekit.experiments._catalogue import load_study
from vaekit.experiments._claims import Claim, Finding, Verdict, judge
from vaekit.experiments._estimate import StudyCost, estimate
from vaekit.experiments._page import page
from vaekit.experiments._runner import Outcome, run_study
from vaekit.experiments._store import Store
from vaekit.experiments._study import SCALES, Data, Study, StudyRun
from vaekit.experiments._tables import Table, frame_of, markdown
from vaekit.experiments.studies import STUDIES

__all__ = [
    "SCALES",
    "STUDIES",
    "Claim",
    "Data",
    "Finding",
    "Outcome",
    "Store",
    "Study",
    "StudyCost",
    "StudyRun",
    "Table",
    "Verdict",
    "estimate",
    "frame_of",
    "judge",
    "load_study",
    "markdown",
    "page",
    "run_study",
]
