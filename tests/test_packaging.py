"""The files that install the project agree, and nothing in the tree is what it must not be."""

import ast
import importlib
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

import idspam_lab

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "idspam_lab"
PAPER = ROOT / "data" / "paper"
MAKEFILE = (ROOT / "Makefile").read_text()
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
CONDA = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
CONDA_PIP = next(item["pip"] for item in CONDA if isinstance(item, dict))
PINS = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
EXTRAS = PYPROJECT["project"]["optional-dependencies"]
REQUIREMENTS = [*PYPROJECT["project"]["dependencies"], *sum(EXTRAS.values(), [])]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def make_variable(name: str) -> str:
    return re.search(rf"^{name}\s*=\s*(.+)$", MAKEFILE, re.MULTILINE).group(1).strip()


def our_files() -> list[Path]:
    """What git tracks or would track; outside a clone, all but hidden folders, runs and build folders."""
    try:
        listed = ["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        names = subprocess.run(listed, check=True, capture_output=True, text=True).stdout.split("\0")
        files = [ROOT / name for name in names if name]
    except (OSError, subprocess.CalledProcessError):
        skip = re.compile(r"(^|/)(\.(?!ci/|gitignore)|runs/|build/|dist/|__pycache__/|[^/]*\.egg-info/)")
        files = [path for path in ROOT.rglob("*") if not skip.search(path.relative_to(ROOT).as_posix())]
    return [path for path in files if path.is_file()]


# --- one set of versions -------------------------------------------------------------------------


def test_every_pin_is_exact_and_comes_from_a_registry():
    names = [re.fullmatch(r"([A-Za-z0-9._-]+)==([A-Za-z0-9.!]+)", line).group(1) for line in PINS]
    assert len({canonicalize_name(name) for name in names}) == len(names) > 100


@pytest.mark.parametrize("line", REQUIREMENTS)
def test_every_requirement_is_pinned_within_its_range(line):
    requirement = Requirement(line)
    pins = {canonicalize_name(name): version for name, version in (pin.split("==") for pin in PINS)}
    assert requirement.specifier.contains(pins[canonicalize_name(requirement.name)])


def test_what_runs_here_is_what_is_pinned():
    differing = {}
    for name, pin in (line.split("==") for line in PINS):
        try:
            installed = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # needed on another platform or Python only
        if Version(installed).public != Version(pin).public:  # 2.13.0+cpu is 2.13.0
            differing[name] = f"{installed} instead of {pin}"
    assert not differing, "run `make setup`"


def test_every_package_that_is_imported_is_declared():
    """Else another package's new version takes it away."""
    homes, imported = importlib.metadata.packages_distributions(), set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {name.name.partition(".")[0] for name in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                imported.add(node.module.partition(".")[0])
    optional = {"optuna", "ray"}  # extras, which need not be installed here
    others = imported - sys.stdlib_module_names - optional
    needed = {canonicalize_name(name) for module in others for name in homes[module]}
    declared = {canonicalize_name(Requirement(line).name) for line in PYPROJECT["project"]["dependencies"]}
    assert needed <= declared and optional <= {Requirement(line).name for line in sum(EXTRAS.values(), [])}


def test_make_and_conda_install_the_same():
    index, extras = make_variable("CPU_INDEX"), make_variable("EXTRAS")
    assert CONDA_PIP == [f"--extra-index-url {index}", "-c constraints.txt", f"-e .[{extras}]"]
    optional = make_variable("OPTIONAL").split(",")  # installed by those who want them, pinned all the same
    assert sorted(EXTRAS) == sorted([*extras.split(","), *optional])


def test_one_python_everywhere():
    python = next(item for item in CONDA if isinstance(item, str) and item.startswith("python="))
    version = python.removeprefix("python=")
    assert "pip" in CONDA
    assert SpecifierSet(PYPROJECT["project"]["requires-python"]) == SpecifierSet(f">={version}")
    assert PYPROJECT["tool"]["ruff"]["target-version"] == "py" + version.replace(".", "")
    assert f"sys.version_info < ({version.replace('.', ', ')})" in make_variable("NEW")


def test_each_command_of_the_readme_exists():
    targets = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
    texts = (ROOT / "README.md").read_text() + MAKEFILE
    named = set(re.findall(r"(?:^|`|echo \")make ([a-z-]+)", texts, re.MULTILINE))
    assert {"demo", "test", "lab", "setup"} <= named <= targets


# --- setting up: make against a Python that only pretends ------------------------------------------

PRETENDER = """#!/bin/sh
echo "$*" >> log
case "$*" in
    "-c import sys"*) test ! -e too-old ;;
    "-m venv .venv") mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
    "-m pip install"*"-e ."*) test ! -e no-network ;;
esac
"""


class Sandbox:
    """A folder with the Makefile and a pretended Python that writes down how it was called."""

    def __init__(self, folder: Path):
        self.folder = folder
        for name in ("Makefile", "pyproject.toml", "constraints.txt"):
            shutil.copy(ROOT / name, folder)
            os.utime(folder / name, (1e9, 1e9))
        (folder / "pretender").write_text(PRETENDER)
        (folder / "pretender").chmod(0o755)

    def make(self, *arguments: str) -> tuple[int, list[str], str]:
        """Exit status, how Python was called to install, and everything printed."""
        log = self.folder / "log"
        log.write_text("")
        outer = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "TORCH", "PYTHON")
        env = {key: value for key, value in os.environ.items() if key not in outer}
        command = ["make", "PYTHON=./pretender", *arguments]
        done = subprocess.run(command, cwd=self.folder, env=env, capture_output=True, text=True, timeout=60)
        calls = [line for line in log.read_text().splitlines() if line.startswith("-m ")]
        return done.returncode, calls, done.stdout + done.stderr


@pytest.fixture
def sandbox(tmp_path):
    return Sandbox(tmp_path)


def test_set_up_once_torch_first(sandbox):
    status, calls, _ = sandbox.make("setup")
    assert status == 0
    venv, torch, rest = calls
    assert venv == "-m venv .venv"
    assert torch.startswith("-m pip install --no-deps -c constraints.txt torch")
    assert (make_variable("CPU_INDEX") in torch) == sys.platform.startswith("linux")
    assert rest == f"-m pip install -c constraints.txt -e .[{make_variable('EXTRAS')}]"
    assert sandbox.make("setup")[:2] == (0, [])


def test_a_half_made_environment_is_made_anew(sandbox):
    (sandbox.folder / "no-network").touch()
    assert sandbox.make("setup")[0] != 0
    (sandbox.folder / "no-network").unlink()
    (sandbox.folder / ".venv" / "debris").touch()
    status, calls, _ = sandbox.make("setup")
    assert status == 0 and calls[0] == "-m venv .venv" and not (sandbox.folder / ".venv" / "debris").exists()


def test_new_pins_update_the_environment_in_place(sandbox):
    sandbox.make("setup")
    os.utime(sandbox.folder / "constraints.txt", (4e9, 4e9))
    status, calls, _ = sandbox.make("setup")
    assert status == 0 and len(calls) == 2 and all("pip install" in call for call in calls)


@pytest.mark.parametrize("damage", ["python gone", "moved"])
def test_a_broken_environment_is_made_anew(sandbox, damage):
    sandbox.make("setup")
    if damage == "python gone":
        (sandbox.folder / ".venv" / "bin" / "python").unlink()
    else:
        (sandbox.folder / ".venv" / ".ready-cpu").write_text("another folder\n")
    status, calls, _ = sandbox.make("setup")
    assert status == 0 and calls[0] == "-m venv .venv"


def test_cuda_is_asked_for_once(sandbox):
    sandbox.make("setup")
    status, calls, _ = sandbox.make("setup", "TORCH=cuda")
    assert status == 0 and calls[0] == "-m venv .venv" and not any("index" in call for call in calls)
    assert sandbox.make("setup")[:2] == (0, [])


@pytest.mark.parametrize("case", ["old", "none", "torch"])
def test_a_set_up_that_cannot_work_says_so_in_one_sentence(sandbox, case):
    if case == "old":
        (sandbox.folder / "too-old").touch()
    arguments = {"old": [], "none": ["PYTHON="], "torch": ["TORCH=gpu"]}[case]
    status, calls, said = sandbox.make("setup", *arguments)
    assert status != 0 and calls == [] and not (sandbox.folder / ".venv").exists()
    sentence = {"old": "Python 3.11", "none": "Python 3.11", "torch": "either cpu or cuda"}[case]
    assert sentence in said.splitlines()[0]


# --- what the package is ---------------------------------------------------------------------------


def test_every_file_of_the_package_is_installed():
    patterns = PYPROJECT["tool"]["setuptools"]["package-data"]["idspam_lab"]
    others = [path for path in our_files() if PACKAGE in path.parents and path.suffix != ".py"]
    assert {path.suffix for path in others} <= {Path(pattern).suffix for pattern in patterns}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    copy, wheels = folder / "copy", folder / "wheels"  # building writes beside the sources
    for path in our_files():
        target = copy / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    offline = ["--no-deps", "--no-index", "--no-build-isolation"]
    build = [sys.executable, "-m", "pip", "wheel", *offline, "-w", wheels, copy]
    subprocess.run(build, check=True, capture_output=True)
    (built,) = wheels.glob("idspam_lab-*.whl")
    return built


@pytest.mark.slow
def test_the_wheel_holds_every_file_of_the_package(wheel):
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if name.startswith("idspam_lab/")}
        (entry_points,) = (name for name in archive.namelist() if name.endswith("entry_points.txt"))
        assert "idspam-lab = idspam_lab.cli:main" in archive.read(entry_points).decode()
    ours = {path.relative_to(ROOT).as_posix() for path in our_files() if PACKAGE in path.parents}
    assert held == ours | {f"idspam_lab/paper_data/{path.name}" for path in PAPER.iterdir()}


@pytest.mark.slow
@pytest.mark.parametrize("how", ["venv", "target", "editable"])
def test_the_papers_tables_come_with_every_way_to_install(how, wheel, tmp_path):
    venv.create(tmp_path / "venv", symlinks=True)
    python, copy = tmp_path / "venv" / "bin" / "python", wheel.parents[1] / "copy"
    ask = [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    place = subprocess.run(ask, check=True, capture_output=True, text=True).stdout.strip()
    what = [wheel]
    if how == "target":
        place = tmp_path / "target"
        what = ["--target", place, wheel]
    if how == "editable":
        what = ["--no-build-isolation", "-e", copy]
    others = {
        "PYTHONPATH": os.pathsep.join([str(place), sysconfig.get_path("purelib")])
    }  # setuptools, pandas, the rest
    install = [sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index"]
    install += ["--ignore-installed", *what]  # the package may be installed beside pandas, and stays there
    subprocess.run(install, env=os.environ | others, check=True, capture_output=True)
    program = "import idspam_lab.paper_tables as p; print(p.FOLDER, *(len(p.as_text(n)) for n in p.PAPER_TABLES))"
    run = [python, "-c", program]
    done = subprocess.run(run, cwd=tmp_path, env=os.environ | others, check=True, capture_output=True, text=True)
    folder, *rows = done.stdout.split()
    assert folder.startswith(str(copy if how == "editable" else place))
    clone = [len(path.read_text().splitlines()) - 1 for path in sorted(PAPER.glob("*.csv"))]
    assert [int(count) for count in rows] == clone and len(clone) == 16


@pytest.mark.parametrize("package", ["analysis", "grid"])
def test_a_packages_map_has_every_module(package):
    map_of = ast.get_docstring(ast.parse((PACKAGE / package / "__init__.py").read_text(encoding="utf-8")))
    there = {path.name for path in (PACKAGE / package).glob("*.py")} - {"__init__.py"}
    assert set(re.findall(r"\w+\.py", map_of)) == there


def test_static_tools_see_the_names_that_are_imported_when_they_are_used():
    (block,) = (node for node in ast.parse((PACKAGE / "__init__.py").read_text()).body if isinstance(node, ast.If))
    seen = {name.asname: node.module for node in block.body for name in node.names}
    assert seen == idspam_lab.HOMES and set(seen) < set(dir(idspam_lab))
    for name in seen:
        assert getattr(idspam_lab, name) is not None
    assert "__version__" in dir(idspam_lab) and (PACKAGE / "py.typed").is_file()


def test_no_two_classes_that_packages_offer_have_one_name():
    offered = {}
    for folder in sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py")):
        package = importlib.import_module(f"idspam_lab.{folder}")
        for name in getattr(package, "__all__", []):
            if isinstance(getattr(package, name), type):
                offered.setdefault(name, set()).add(getattr(package, name))
    assert len(offered) > 20 and [name for name, classes in offered.items() if len(classes) > 1] == []


def test_importing_the_package_is_light():
    program = """if True:
        import json, sys, time
        import torch
        before, start = set(sys.modules), time.perf_counter()
        import idspam_lab
        seconds = time.perf_counter() - start
        print(json.dumps([seconds, sorted({name.partition(".")[0] for name in set(sys.modules) - before})]))
    """
    runs = []
    for _ in range(3):  # the quickest of three: the machine may be busy
        command = [sys.executable, "-c", program]
        done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
        runs.append(json.loads(done.stdout))
        if runs[-1][0] < 2:
            break
    heavy = {"transformers", "datasets", "accelerate", "pandas", "pyarrow", "sklearn", "scipy", "matplotlib",
             "seaborn", "bertviz", "IPython", "ipywidgets", "sentence_transformers"}  # fmt: skip
    assert not heavy & set(runs[-1][1])
    assert min(seconds for seconds, _ in runs) < 2


# --- what must not be in the tree ------------------------------------------------------------------

PICKLERS = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve"}


def unsafe(tree: ast.AST) -> list[str]:
    """Ways to run code that came with a file: pickles, torch.load and torch.save, a model's own code."""
    found = []
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                found += [name.name for name in names if name.name.partition(".")[0] in PICKLERS]
            case ast.ImportFrom(module=str(module), names=names):
                found += [module] * (module.partition(".")[0] in PICKLERS)
                taken = {name.name for name in names} if module == "torch" else set()
                found += [f"torch.{name}" for name in taken & {"load", "save"}]
            case ast.Attribute(value=ast.Name(id="torch"), attr="load" | "save" as attr):
                found.append(f"torch.{attr}")
            case ast.keyword(arg="trust_remote_code" | "allow_pickle" as arg, value=value):
                found += [arg] * (not (isinstance(value, ast.Constant) and value.value is False))
            case ast.Constant(value="trust_remote_code"):
                found.append("trust_remote_code")
    return found


@pytest.mark.parametrize("source", [
    "import pickle", "from joblib import dump", "torch.load(f)", "from torch import load",
    "f(trust_remote_code=True)", "f(**{'trust_remote_code': True})", "np.load(f, allow_pickle=flag)",
])  # fmt: skip
def test_the_check_below_sees(source):
    assert unsafe(ast.parse(source))


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_in_the_package_runs_code_from_a_file(path):
    assert unsafe(ast.parse(path.read_text(encoding="utf-8"))) == []


def test_no_file_names_a_machine_or_a_registry():
    """The index of torch's CPU build is the one address of that kind, and only where things are installed."""
    hosts = ["pypi" + ".org", "files.python" + "hosted.org", "registry." + "npmjs.org", "deb." + "debian.org"]
    folders = "(?<![A-Za-z0-9_.~$}-])/(" + "|".join(["work", "root", "tmp", "opt"]) + ")/"
    forbidden = re.compile("|".join([folders, *map(re.escape, hosts)]))
    allowed = {"Makefile", "environment.yml"}
    found = []
    for path in our_files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # not a text
        found += [f"{path.relative_to(ROOT)}: {hit.group()}" for hit in forbidden.finditer(text)]
        if "download.py" + "torch.org" in text and path.relative_to(ROOT).as_posix() not in allowed:
            found.append(f"{path.relative_to(ROOT)}: torch's index")
    assert found == []


@pytest.mark.skipif(not NOTEBOOKS, reason="no notebook has been built")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_notebooks_are_kept_without_output(path):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert cells and all(cell["outputs"] == [] and cell["execution_count"] is None for cell in cells)
