"""The floors of the house, read from its imports: who may know whom, and where a name is found."""

import ast
import json
import re
import statistics
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import vaekit

HOUSE = Path(vaekit.__file__).parent
FILES = {path.relative_to(HOUSE).as_posix(): ast.parse(path.read_text()) for path in sorted(HOUSE.rglob("*.py"))}

# A file imports from lower floors and from its own room only.
FLOORS = [
    {"exceptions"},
    {"utils", "_outputs", "_setting"},
    {"functional", "nn", "likelihoods", "words", "files", "kernels", "frames"},
    {"posteriors", "priors"},
    {"model", "objectives"},
    {"engine"},
    {"fitted"},
    {"estimators"},
    {"batching"},
    {"presets", "model_selection", "outlier", "impute", "persistence"},
    {"experiments"},
]
APART = {
    "tables": {"exceptions", "utils"},
    "features": {"exceptions", "utils", "frames"},
    "metrics": {"exceptions", "utils", "tables"},
    "datasets": {"exceptions", "utils"},
    "evaluation": {"exceptions", "utils", "functional", "frames", "tables", "metrics", "features"},
    "inspection": {"exceptions", "utils", "functional", "frames", "metrics", "evaluation"},
}
MAY_IMPORT = {room: {room}.union(*FLOORS[:i]) for i, floor in enumerate(FLOORS) for room in floor}
MAY_IMPORT |= {room: MAY_IMPORT[room].union(APART) for floor in FLOORS[-2:] for room in floor}
MAY_IMPORT |= {room: {room} | lower for room, lower in APART.items()}

ROOMS = sorted({name.split("/")[0].removesuffix(".py") for name in FILES} - {"__init__"})
HIDDEN_ROOMS = {"utils", "_outputs", "_setting", "files", "kernels", "engine", "fitted", "frames", "tables", "features"}
# rooms that make public what hidden rooms define
GATHERING = {"words": {"words", "utils", "_outputs", "_setting"}, "evaluation": {"evaluation", "features"},
             "persistence": {"persistence", "files"}}  # fmt: skip


def room_of(file):
    return file.split("/")[0].removesuffix(".py")


def imports(tree):
    """Dotted names of all that is imported, wherever in a file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{'.' * node.level}{node.module or ''}.{alias.name}" for alias in node.names)


def imported_room(name):
    room = name.split(".")[1]
    rooms = dict.fromkeys(vaekit.ESTIMATORS + vaekit.APART, "estimators") | dict.fromkeys(vaekit.BATCHING, "batching")
    return rooms.get(room, room)


def all_imports(*rooms):
    return [(file, name) for file, tree in FILES.items() if room_of(file) in rooms for name in imports(tree)]


# ---------------------------------------------------------------------- who may know whom


def test_every_room_has_its_floor_and_its_door():
    assert set(ROOMS) <= set(MAY_IMPORT)
    assert [room for room in ROOMS if not {f"{room}.py", f"{room}/__init__.py"} & set(FILES)] == []
    assert sorted(vaekit.FOLDERS) == sorted(set(ROOMS) - HIDDEN_ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_from_lower_floors_only(room):
    own = [(file, name) for file, name in all_imports(room) if name.startswith(("vaekit", "."))]
    assert [
        (file, name) for file, name in own if name.count(".") == 0 or imported_room(name) not in MAY_IMPORT[room]
    ] == []


def test_doors_to_other_libraries():
    everywhere = all_imports(*ROOMS, "__init__")
    private = [
        file
        for file, name in everywhere
        if name.startswith("sklearn.") and any(part.startswith("_") for part in name.split("."))
    ]
    assert set(private) == {"utils/_sklearn.py"}
    assert {room_of(file) for file, name in everywhere if name.split(".")[0] == "skorch"} == {"engine"}
    assert {room_of(file) for file, name in everywhere if name.split(".")[0] == "safetensors"} == {"files"}
    assert {room_of(file) for file, name in everywhere if name.split(".")[0] == "triton"} == {"kernels"}
    strings = [file for file, tree in FILES.items() for node in ast.walk(tree)
               if isinstance(node, ast.Constant) and str(node.value).split(".")[0] == "zuko"]  # fmt: skip
    assert set(strings) | {file for file, name in everywhere if name.split(".")[0] == "zuko"} == {"utils/_zuko.py"}
    assert [
        name for _, name in all_imports("metrics", "tables", "datasets") if name.split(".")[0] in ("torch", "skorch")
    ] == []


USED = """
import warnings
from vaekit import DPVAE
from vaekit.persistence import load, save
warnings.simplefilter("ignore")
model = DPVAE(n_components=1, hidden_layer_sizes=(4,), max_epochs=500, random_state=0).fit([[1.0, 2.0], [3.0, 4.0]])
save(model, "FILE")
load("FILE").sample(2), model.partial_fit([[1.0, 2.0], [3.0, 4.0]]).score([[1.0, 2.0]])
"""


@pytest.fixture(scope="module")
def loaded_after(tmp_path_factory):
    """Modules loaded after each import of a fresh interpreter, and once a model was trained, stored and used."""
    steps = ["vaekit", "vaekit.metrics", "vaekit.datasets", "vaekit.inspection", "vaekit.evaluation"]
    script = "import sys, json, importlib; loaded = {}\n" + "".join(
        f"importlib.import_module({step!r}); loaded[{step!r}] = sorted(sys.modules)\n" for step in steps
    )
    script += (
        USED.replace("FILE", str(tmp_path_factory.mktemp("loaded") / "file")) + 'loaded["use"] = sorted(sys.modules)\n'
    )
    command = [sys.executable, "-c", script + "print(json.dumps(loaded))"]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True, cwd=HOUSE.parent).stdout)


@pytest.mark.parametrize(
    ("step", "absent"),
    [
        ("vaekit", "torch"),
        ("vaekit", "sklearn"),
        ("vaekit.datasets", "torch"),
        ("vaekit.inspection", "torch"),
        ("vaekit.inspection", "matplotlib"),
        ("vaekit.evaluation", "vaekit.estimators"),
        ("vaekit.evaluation", "matplotlib"),
        ("use", "torch._dynamo"),  # whose import takes a second
        ("use", "sklearn.mixture"),
    ],
)
def test_what_an_import_does_not_load(loaded_after, step, absent):
    """Each step comes after those before it, so metrics, datasets and inspection are held too."""
    assert step == "use" or step in loaded_after[step]
    assert absent not in loaded_after[step]


# ---------------------------------------------------------------------- one public path


def assigned(tree, name):
    """Return the literal list that a file assigns to a name, or None."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in node.targets):
            return ast.literal_eval(node.value)
    return None


def definitions(tree):
    """Names that a file defines: functions and classes with their node, values with None."""
    found = {}
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found[node.name] = node
        elif isinstance(node, ast.Assign):
            found |= {target.id: None for target in node.targets if isinstance(target, ast.Name)}
    return found


def public_names(room):
    """Pairs (name, [its definitions in the room])."""
    exported = assigned(FILES.get(f"{room}/__init__.py") or FILES[f"{room}.py"], "__all__") or []
    rooms = GATHERING.get(room, {room})
    defined = [definitions(tree) for file, tree in FILES.items() if room_of(file) in rooms]
    return [(name, [names[name] for names in defined if name in names]) for name in exported]


PUBLIC = {room: public_names(room) for room in vaekit.FOLDERS}


def test_files_in_folders_are_private():
    assert [file for file in FILES if "/" in file and not file.split("/")[-1].startswith("_")] == []


def test_folders_only_gather_what_their_files_define():
    for file, tree in FILES.items():
        if file.endswith("/__init__.py"):
            first, *rest = tree.body
            assert isinstance(first, ast.Expr), file
            assert all(isinstance(node, (ast.ImportFrom, ast.Assign)) for node in rest), file


@pytest.mark.parametrize("room", PUBLIC)
def test_a_public_name_is_defined_once_in_its_room(room):
    assert [name for name, found in PUBLIC[room] if len(found) != 1] == []


def test_a_public_name_has_one_path():
    times = Counter(name for room in PUBLIC for name, _ in PUBLIC[room])
    assert {name: n for name, n in times.items() if n > 1} == {}
    assert {*vaekit.ESTIMATORS, *vaekit.APART} <= {name for name, _ in PUBLIC["estimators"]}


@pytest.mark.parametrize("room", PUBLIC)
def test_public_functions_and_classes_have_docstrings(room):
    """Values (scorers, tables) cannot carry one."""
    nodes = [(name, node) for name, found in PUBLIC[room] for node in found if node is not None]
    assert [name for name, node in nodes if ast.get_docstring(node) is None] == []


# ---------------------------------------------------------------------- sizes

LONGEST_FILE, LONGEST_FUNCTION, MEDIAN_FUNCTION, BIGGEST_ROOM = 330, 45, 5, 0.13
LINES = {file: (HOUSE / file).read_text().splitlines() for file in FILES}


def functions(tree):
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def lines_of_code(file, function):
    """How many lines a function's body has, without docstring, comments and blank lines."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    lines = LINES[file][body[0].lineno - 1 : function.end_lineno] if body else []
    return sum(1 for line in lines if line.strip() and not line.strip().startswith("#"))


def test_a_file_is_short():
    assert {file: len(lines) for file, lines in LINES.items() if len(lines) > LONGEST_FILE} == {}


def test_functions_are_short():
    sizes = {(file, node.name): lines_of_code(file, node) for file, tree in FILES.items() for node in functions(tree)}
    assert {name: size for name, size in sizes.items() if size > LONGEST_FUNCTION} == {}
    assert statistics.median(sizes.values()) <= MEDIAN_FUNCTION


def test_no_room_holds_most_of_the_house():
    sizes = Counter()
    for file, lines in LINES.items():
        sizes[room_of(file)] += len(lines)
    assert {room: size for room, size in sizes.items() if size > BIGGEST_ROOM * sizes.total()} == {}


def private_names_read(tree):
    """Names x of all `self._x` that are read."""
    for node in ast.walk(tree):
        is_read = isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)
        if is_read and ast.unparse(node.value) == "self" and re.match("_(?!_)", node.attr):
            yield node.attr


def own_names(tree):
    """Names of the methods and attributes that a file gives its classes."""
    methods = {node.name for node in functions(tree)}
    stored = (node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store))
    return methods | {node.attr for node in stored if ast.unparse(node.value) == "self"}


@pytest.mark.parametrize("room", ROOMS)
def test_no_private_name_is_shared_by_more_than_two_files(room):
    """A method of the same name in each of several classes is not shared: its readers are the file that has it."""
    trees = [FILES[file] for file in FILES if room_of(file) == room]
    readers = Counter(name for tree in trees for name in set(private_names_read(tree)) - own_names(tree))
    assert {name: n for name, n in readers.items() if n > 1} == {}


# ---------------------------------------------------------------------- habits


def attributes_of(file, *path):
    """Names x in `path.x`, as in torch.x, anywhere in a file."""
    for node in ast.walk(FILES[file]):
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == ".".join(path):
            yield node.attr


DRAWS = {
    "bernoulli",
    "multinomial",
    "normal",
    "poisson",
    "rand",
    "rand_like",
    "randint",
    "randn",
    "randn_like",
    "randperm",
}


@pytest.mark.parametrize("room", ["functional", "likelihoods", "posteriors", "priors", "model", "objectives"])
def test_pieces_are_handed_their_noise(room):
    files = [file for file in FILES if room_of(file) == room]
    assert [(file, name) for file in files for name in attributes_of(file, "torch") if name in DRAWS] == []


def test_global_generators_are_left_alone():
    own = {"Generator", "RandomState", "SeedSequence", "default_rng"}
    assert [(file, name) for file in FILES for name in attributes_of(file, "np", "random") if name not in own] == []
    seeds = {"manual_seed", "seed", "set_rng_state"}
    assert [(file, name) for file in FILES for name in attributes_of(file, "torch") if name in seeds] == []


def test_the_library_neither_prints_nor_asserts():
    calls = [
        (file, node.lineno)
        for file, tree in FILES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Assert) or (isinstance(node, ast.Call) and ast.unparse(node.func) == "print")
        if not file.endswith("__main__.py")  # a command
    ]
    assert calls == []
