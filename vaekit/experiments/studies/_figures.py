"""Figures that several studies have."""

from vaekit.inspection import ComparisonDisplay

__all__ = ["compared"]


def compared(frame, settings, numbers, by=None):
    """Runs of every setting as dots, a panel for each number; of worlds apart where a label names them.

    Parameters
    ----------
    frame : DataFrame
        Finished runs.
    settings : list of str
        Labels whose values name a line of the picture.
    numbers : dict of str to {"higher", "lower"}
        Columns, and which way is up.
    by : str, default=None
        Label whose values have panels of their own.

    Returns
    -------
    display : ComparisonDisplay
    """
    lines, better = [], {}
    for world, rows in [("", frame)] if by is None else frame.groupby(by, sort=False):
        names = frame[settings].loc[rows.index].astype(str).agg(" ".join, axis=1).str.strip()
        for number, up in numbers.items():
            known = rows[number].notna() if number in rows else rows.index < 0
            scorer = f"{world} {number}".strip()
            better |= {scorer: up} if known.any() else {}
            lines += [
                {"model": name, "seed": seed, "scorer": scorer, "score": value}
                for name, seed, value in zip(names[known], rows.seed[known], rows.get(number, names)[known])
            ]
    return ComparisonDisplay.from_frame(frame.__class__(lines), better=better)
