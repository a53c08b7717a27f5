"""Shared by the benchmarks: command line, measured commands, JSON."""

import argparse
import collections
import json
import os
import pathlib
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

# Of a job whose pages are all to be read by the engine.
PIXELS_ONLY = {"page": {"text_layer": "ignore"}}
BIN = pathlib.Path(os.environ["PECIA_BIN_DIR"])
SOURCE = pathlib.Path(os.environ["PECIA_SOURCE_DIR"])
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class Benchmark:
    """One benchmark program: `--quick`, `--json FILE`, `--corpus DIR`."""

    def __init__(self, name, purpose, add_options=lambda parser: None):
        parser = argparse.ArgumentParser(prog=f"bench_{name}", description=purpose)
        parser.add_argument("--quick", action="store_true", help="under a minute: fewer pages, one repetition")
        parser.add_argument("--json", metavar="FILE", help="write the figures there as well")
        parser.add_argument("--corpus", type=pathlib.Path, default=SOURCE.parent / "shared" / "corpus",
                            help="the test corpus (%(default)s)")
        parser.add_argument("--repetitions", type=int, help="of what is timed (the benchmark's own choice)")
        add_options(parser)
        self.options = parser.parse_args()
        self.name = name
        self.cases = []
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="pecia-bench-"))

    def need_corpus(self):
        """Ends with 0 and says so where the corpus is not there: it is not part of the repository."""
        if (self.options.corpus / "MANIFEST.tsv").is_file():
            return
        self.finish(note=f"not measured: the corpus {self.options.corpus} is not there (name it with --corpus)")
        sys.exit(0)

    def case(self, name, unit, value, baseline=None, baseline_value=None):
        ratio = round(value / baseline_value, 4) if baseline_value else None
        self.cases.append({"name": name, "unit": unit, "value": round(value, 4), "baseline": baseline,
                           "baseline_value": round(baseline_value, 4) if baseline_value else None, "ratio": ratio})

    def finish(self, note=None):
        version = os.environ["PECIA_VERSION"]
        report = {"name": self.name, "version": version, "quick": self.options.quick,
                  "machine": {"cores": os.cpu_count(), "processor": processor(), "system": platform.platform()},
                  "cases": self.cases}
        if note:
            report["note"] = note
        text = json.dumps(report, indent=1, ensure_ascii=False)
        print(text)
        if self.options.json:
            pathlib.Path(self.options.json).write_text(text + "\n", encoding="utf-8")
        shutil.rmtree(self.folder, ignore_errors=True)


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        return next((line.split(":", 1)[1].strip() for line in info if line.startswith("model name")), "unknown")


def process_tree(root):
    """Of a process and all below it: pid -> (program, CPU seconds so far)."""
    stats = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as stat:
                head, fields = stat.read().rsplit(")", 1)
        except (OSError, ValueError):
            continue
        fields = fields.split()
        stats[int(name)] = (int(fields[1]), head.split("(", 1)[1], (int(fields[11]) + int(fields[12])) / TICKS_PER_S)
    tree, frontier = {root}, {root}
    while frontier:
        frontier = {pid for pid, stat in stats.items() if stat[0] in frontier} - tree
        tree |= frontier
    return {pid: stats[pid][1:] for pid in tree if pid in stats}


def memory_bytes(pids):
    """Proportional memory of these processes."""
    total = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/smaps_rollup", encoding="utf-8") as maps:
                total += sum(1024 * int(line.split()[1]) for line in maps if line.startswith("Pss:"))
        except (OSError, ValueError):
            continue
    return total


def peak_bytes(pid):
    """The most memory that a process has had so far; 0 once it is gone."""
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8") as status:
            return next((1024 * int(line.split()[1]) for line in status if line.startswith("VmHWM:")), 0)
    except OSError:
        return 0


class Watch:
    """Looks at a process and all below it a few times a second: memory at most, CPU by program."""

    def __init__(self, pid):
        self.pid, self.peak_bytes, self.cpu = pid, 0, {}
        self.done = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while not self.done.wait(0.2):
            tree = process_tree(self.pid)
            self.cpu.update(tree)
            self.peak_bytes = max(self.peak_bytes, memory_bytes(tree))

    def stop(self):
        self.done.set()
        self.thread.join()

    def cpu_by_program(self):
        """Seconds, less what a process did between the last look and its end."""
        seconds = collections.Counter()
        for program, cpu_s in self.cpu.values():
            seconds[program] += cpu_s
        return seconds


def measure(command, env=None, good=(0,)):
    """Runs a command; returns wall_s, cpu_s (all descendants that were waited for), peak_bytes, cpu_by_program."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(list(map(str, command)), stdout=output, stderr=subprocess.STDOUT,
                                   stdin=subprocess.DEVNULL, env=env)
        watch = Watch(process.pid)
        try:
            status = process.wait()
            wall_s = time.perf_counter() - began
        finally:  # its thread would keep the program from ending, as at Ctrl-C
            watch.stop()
        if status not in good:
            output.seek(0)
            raise SystemExit(f"{command} ended with {status}:\n{output.read().decode(errors='replace')[-3000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"wall_s": wall_s, "cpu_s": cpu_s, "peak_bytes": watch.peak_bytes, "cpu_by_program": watch.cpu_by_program()}


def median(runs, key):
    return statistics.median(run[key] for run in runs)


def mpirun(ranks):
    """The launcher's words. Ranks are not bound, so that each divides the cores by itself."""
    flags = ["--allow-run-as-root"] if os.geteuid() == 0 else []
    return ["mpirun", *flags, "--oversubscribe", "--bind-to", "none", "-n", str(ranks)]


def pecia_environment():
    return dict(os.environ, PECIA_LIBEXEC_DIR=str(BIN), OMPI_MCA_mpi_yield_when_idle="1")


def write_job(path, **job):
    path.write_text(json.dumps({key: value for key, value in job.items()}), encoding="utf-8")
    return path
