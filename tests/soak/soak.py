"""Runs that are killed, robbed of power or given faults by the shim: shared by the soak tests."""

import concurrent.futures
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

# By hand as under ctest, which sets these.
TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path += [str(TOP / "tests/system"), str(TOP / "tests/support/shim")]
for name, value in {"PECIA_BIN_DIR": TOP / "build/bin", "PECIA_TEST_DATA": TOP / "tests/data",
                    "PECIA_SHIM": TOP / "build/tests/libpecia_shim.so",
                    "PECIA_MPIEXEC_FLAGS": "--oversubscribe --allow-run-as-root"}.items():
    os.environ.setdefault(name, str(value))

import power_cut  # noqa: E402
import pecia_process as pecia  # noqa: E402

SHIM = os.environ["PECIA_SHIM"]
COMPLETE, COMPLETE_WITH_FAILURES, UNFINISHED = 0, 3, 75
LAUNCHED_WITHIN_S = 240
MANY_SHARDS = 511


def session_of(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
            state, _, _, session = stat.read().rsplit(")", 1)[1].split()[:4]
            return -1 if state == "Z" else int(session)
    except (OSError, IndexError, ValueError):
        return -1


def members(session):
    return [int(pid) for pid in os.listdir("/proc") if pid.isdigit() and session_of(pid) == session]


def write_trace(path, documents, pages, seconds=0.002):
    """A corpus without files, for the `replay` engine."""
    lines = ["path\tpage\tseconds"]
    lines += [f"d{d}.pdf\t{p}\t{seconds}" for d in range(documents) for p in range(1, pages + 1)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def replay_settings(trace, shard_pages=16, **store):
    return {"corpus": {"trace": str(trace)}, "engine": {"name": "replay", "threads": 2}, "progress_s": 0.1,
            "store": {"shard_pages": shard_pages, "sync_interval_s": 0.05, **store}}


def at_once(cases, do, workers=6):
    """Pairs of case and future. Much of a run's time is waiting: for ranks whose launcher was killed."""
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        return [(case, pool.submit(do, case)) for case in cases]


class Job:
    """A job whose run directory, `disk/run`, is below the shim's root; everything else stands beside that."""

    def __init__(self, folder, corpus, **settings):
        self.folder = pathlib.Path(folder)
        self.disk = self.folder / "disk"
        self.disk.mkdir(parents=True)
        self.run = self.disk / "run"
        self.kept, self.log, self.output_file = self.folder / "kept", self.folder / "shim.log", self.folder / "output"
        self.write(corpus, **settings)

    def use_trace(self, trace, shard_pages):
        self.write(**replay_settings(trace, shard_pages))
        self.trace, self.shard_pages = trace, shard_pages

    def copy(self, folder):
        """A job of its own on a copy of the run, with the same trace."""
        job = Job(folder, **replay_settings(self.trace, self.shard_pages))
        shutil.copytree(self.run, job.run)
        return job

    def write(self, corpus, **settings):
        self.file = pecia.write_job(self.folder, corpus, run=str(self.run), **settings)

    def start(self, ranks, rules="", records=False, arguments=(), power_stays=False):
        """In a session of its own. Rules: docs/developing.md, "The shim". power_stays: what an earlier one did not
        bring to the disk may still be lost."""
        if not power_stays:
            shutil.rmtree(self.kept, ignore_errors=True)
            self.kept.mkdir()
            self.log.unlink(missing_ok=True)
            self.before = power_cut.snapshot(self.disk)
        shim = {"LD_PRELOAD": SHIM, "PECIA_SHIM_ROOT": str(self.disk), "PECIA_SHIM_LOG": str(self.log),
                "PECIA_SHIM_RULES": rules, "PECIA_SHIM_KEEP": str(self.kept) if records else ""}
        launcher = pecia.command(ranks, "run", self.file, *arguments)
        program = launcher.index(pecia.PECIA)
        launcher[program:program] = ["env", *(f"{name}={value}" for name, value in shim.items())]
        with open(self.output_file, "w", encoding="utf-8") as output:
            return subprocess.Popen(launcher, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                                    env=pecia.environment(), start_new_session=True)

    def output(self):
        return self.output_file.read_text(encoding="utf-8", errors="backslashreplace")

    def wait(self, process, timeout_s=LAUNCHED_WITHIN_S):
        """Until all that was started with it has ended: ranks outlive a launcher that was killed."""
        until = time.monotonic() + timeout_s
        while process.poll() is None or members(process.pid):
            if time.monotonic() > until:
                kill_session(process)
                process.wait()
                raise AssertionError(f"did not end within {timeout_s} s:\n{self.output()}")
            time.sleep(0.02)
        return process.returncode

    def fired(self):
        """Rules of the shim that came true, by number."""
        if not self.log.exists():
            return []
        lines = self.log.read_text(encoding="utf-8").splitlines()
        return [int(line.split()[1]) for line in lines if line.startswith("fired")]

    def told(self):
        """Pages that rank 0 said to be done: what must be there whatever happens after."""
        counts = re.findall(r"\b([\d,]+) of [\d,]+ pages \(", self.output())
        return max((int(count.replace(",", "")) for count in counts), default=0)

    def cut_power(self, **how):
        return power_cut.cut(self.disk, self.log, self.kept, self.before, **how)

    def export(self, name):
        """{} of a run that does not know its documents yet."""
        manifest = self.run / "manifest"
        if not manifest.is_dir() or not any(manifest.iterdir()):
            return {}
        return pecia.export(self.run, self.folder / name)

    def committed(self, name="after-kill"):
        """Pages with an outcome, as anybody reads them from the run as it is."""
        return {(page["path"], page["page"]) for page in self.export(name).get("pages.jsonl", [])
                if page["state"] != "pending"}


def many_shards(folder):
    """A run with as many shards as corpus.h5 takes: with one more some are joined."""
    folder.mkdir()
    job = Job(folder / "run", **replay_settings(write_trace(folder / "few.tsv", 1, MANY_SHARDS, 0.0005), 1, sync="page"))
    process = job.start(2)
    assert job.wait(process) == COMPLETE, job.output()
    return job


def kill_session(process):
    """SIGKILL for the launcher and all that it started, until none is left."""
    while pids := members(process.pid):
        for pid in pids:
            pecia.end(pid, signal.SIGKILL)
        time.sleep(0.005)
    process.wait()


class Resumed:
    """What the jobs said that brought a run to its end."""

    def __init__(self, case, job, rng, ends=(COMPLETE, COMPLETE_WITH_FAILURES), tries=4):
        self.to_read = None  # by the first
        for _ in range(tries):
            ranks = rng.choice([0, 1, 2, 3])
            status, self.output = pecia.run(ranks, "run", job.file)
            pages = re.search(r"of which (\d+) are to be read", self.output)
            case.assertIsNotNone(pages, self.output)
            if self.to_read is None:
                self.to_read, self.first_output = int(pages[1]), self.output
            if status in ends:
                return
            case.assertEqual(status, UNFINISHED, self.output)
        case.fail(f"not complete after {tries} resumes:\n{self.output}")


def check_resumed(case, job, rng, expected, told=0):
    """Resumes what is left of a run: nothing that was committed is read again, and the end is that of a quiet run."""
    committed = job.committed()
    if committed:
        status, output = pecia.run(0, "verify", job.run)
        case.assertNotEqual(status, 1, output)  # unfinished, not damaged
    case.assertGreaterEqual(len(committed), told, "pages that were told to be done are gone")
    pages = expected["pages.jsonl"]
    ends = (COMPLETE_WITH_FAILURES,) if any(p["state"] == "failed" for p in pages) else (COMPLETE,)
    resumed = Resumed(case, job, rng, ends)
    case.assertEqual(resumed.to_read, len(pages) - len(committed), resumed.first_output)
    check_whole(case, job, expected, ends[0])
    return resumed


def check_whole(case, job, expected, end):
    status, output = pecia.run(0, "verify", "--deep", job.run)
    case.assertEqual(status, end, output)
    case.assertIn(" 0 pending", output)
    case.assertEqual(job.export("exported"), expected)
