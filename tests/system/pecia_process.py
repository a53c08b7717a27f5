"""Runs pecia as a user would, and kills what it started: shared by the system tests."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

BIN = pathlib.Path(os.environ["PECIA_BIN_DIR"])
DATA = pathlib.Path(os.environ["PECIA_TEST_DATA"])
MPIEXEC = os.environ.get("PECIA_MPIEXEC", "mpirun")
MPI_FLAGS = os.environ.get("PECIA_MPIEXEC_FLAGS", "").split()
PECIA = str(BIN / "pecia")
STATES = ("ok", "ok_fallback", "blank", "skipped", "failed")


def environment():
    env = dict(os.environ, PECIA_LIBEXEC_DIR=str(BIN), OMPI_MCA_mpi_yield_when_idle="1",
               OMPI_MCA_hwloc_base_binding_policy="none")
    return env


def command(ranks, *arguments):
    """ranks 0: plain `pecia`, without a launcher."""
    launcher = [] if ranks == 0 else [MPIEXEC, *MPI_FLAGS, "-n", str(ranks)]
    return [*launcher, PECIA, *map(str, arguments)]


def start(ranks, *arguments, **kwargs):
    kwargs.setdefault("stdout", subprocess.PIPE)
    kwargs.setdefault("stderr", subprocess.STDOUT)
    kwargs.setdefault("env", environment())
    return subprocess.Popen(command(ranks, *arguments), stdin=subprocess.DEVNULL, text=True,
                            errors="backslashreplace", **kwargs)


def run(ranks, *arguments, timeout_s=240, **kwargs):
    """Ends by itself or is ended after timeout_s. Returns (exit status, output)."""
    process = start(ranks, *arguments, **kwargs)
    try:
        output, _ = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        for pid in [*descendants(process.pid), process.pid]:
            end(pid)
        output, _ = process.communicate()
        raise AssertionError(f"{arguments} did not end within {timeout_s} s:\n{output}")
    return process.returncode, output


def parent_of(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
            return int(stat.read().rsplit(")", 1)[1].split()[1])
    except (OSError, IndexError, ValueError):
        return -1


def name_of(pid):
    try:
        return os.path.basename(os.readlink(f"/proc/{pid}/exe")).removesuffix(" (deleted)")
    except OSError:
        return ""


def descendants(root):
    """Process ids below `root`, by parent links."""
    parents = {int(p): parent_of(int(p)) for p in os.listdir("/proc") if p.isdigit()}
    found, frontier = [], [root]
    while frontier:
        frontier = [pid for pid, parent in parents.items() if parent in frontier]
        found += frontier
    return found


def end(pid, number=signal.SIGKILL):
    try:
        os.kill(pid, number)
        return True
    except ProcessLookupError:
        return False


def write_job(folder, corpus, name="job.yaml", **settings):
    """A job file on a corpus (a folder, or its settings) with its run directory beside it. JSON is YAML."""
    job = {"corpus": corpus if isinstance(corpus, dict) else {"root": str(corpus)}, "run": str(folder / "run"),
           "engine": {"name": "tesseract", "languages": ["eng"]}, **settings}
    path = folder / name
    path.write_text(json.dumps(job), encoding="utf-8")
    return path


def export(run_folder, out, *options):
    status, output = run(0, "export", run_folder, "--format", "md,txt,jsonl", "--out", out, *options)
    assert status in (0, 3), output
    files = {}
    for path in sorted(pathlib.Path(out).rglob("*")):
        if not path.is_file() or path.name == "export.json":  # which knows one run's records from another's
            continue
        name = str(path.relative_to(out))
        files[name] = path.read_bytes() if path.suffix != ".jsonl" else pages(path)
    return files


def pages(jsonl):
    """Lines of a JSONL export without what may differ between two runs."""
    lines = [json.loads(line) for line in pathlib.Path(jsonl).read_text("utf-8").splitlines()]
    return [{key: value for key, value in line.items() if key not in ("seconds", "attempts", "history")}
            for line in lines]


class Case(unittest.TestCase):
    """A test with a folder of its own, `self.folder`."""

    maxDiff = 4000

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="pecia-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def wait_for(self, condition, timeout_s=60, what="condition"):
        until = time.monotonic() + timeout_s
        while time.monotonic() < until:
            if condition():
                return
            time.sleep(0.02)
        self.fail(f"{what} did not come true within {timeout_s} s")


def main():
    unittest.main(verbosity=2, argv=sys.argv)
