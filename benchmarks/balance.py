"""How evenly ranks end: pecia's schedule and what it is compared with, on MPI ranks that replay a trace, and simulated."""

import json
import os
import pathlib
import signal
import statistics
import subprocess
import time

import bench

TRACE = bench.SOURCE / "benchmarks" / "data" / "corpus_trace.tsv"
PAGES_PER_RANK, QUICK_PAGES_PER_RANK = 240, 60
PECIA = "pecia"
# All through the same program and ranks; of the schedule only this differs.
STRATEGIES = {
    PECIA: {},
    "static blocks": {"partition": "block", "stealing": "off"},
    "cyclic": {"partition": "cyclic", "stealing": "off"},
    "longest first alone": {"stealing": "off"},
    "central queue": {"partition": "queue", "stealing": "page"},
}
ABLATIONS = {
    "without longest first": {"partition": "block"},
    "without evidence": {"evidence": "off"},
    "without calibration": {"calibrate": "off"},
    "without stealing": {"stealing": "off"},
}
PARTS = ["equal", "slow", "stopped", "ablations", "simulated", "large"]


class Real:
    """MPI ranks that replay the trace of the corpus, repeated under other paths."""

    def __init__(self, b, ranks, time_scale):
        self.b, self.ranks, self.time_scale, self.runs = b, ranks, time_scale, 0
        header, *rows = TRACE.read_text("utf-8").splitlines()
        per_rank = QUICK_PAGES_PER_RANK if b.options.quick else PAGES_PER_RANK
        copies = -(-ranks * per_rank // len(rows))
        self.pages = copies * len(rows)
        self.trace = b.folder / "trace.tsv"
        self.trace.write_text("\n".join([header, *(f"c{n:02}/{row}" for n in range(copies) for row in rows)]) + "\n",
                              encoding="utf-8")

    def job(self, schedule):
        self.runs += 1
        run = self.b.folder / f"run{self.runs}"
        job = bench.write_job(self.b.folder / f"job{self.runs}.yaml", run=str(run), corpus={"trace": str(self.trace)},
                              engine={"name": "replay", "threads": 1, "time_scale": self.time_scale},
                              schedule=schedule)
        return job, run

    def command(self, job, slow_rank):
        plain = [str(bench.BIN / "pecia"), "run", str(job)]
        if not slow_rank:
            return [*bench.mpirun(self.ranks), *plain]
        # The last rank takes four times as long for every page.
        return [*bench.mpirun(self.ranks - 1), *plain, ":", "-n", "1", *plain, "--set",
                f"engine.time_scale={4 * self.time_scale}"]

    def simulated(self, *mishaps):
        """What the simulator says of the same pages and ranks; its bounds are those of the real ones."""
        job, _ = self.job({})
        return simulate(job, "--ranks", self.ranks, *mishaps)

    def run(self, schedule, slow_rank=False, stop_after_s=None, limit_s=600):
        """What status.json says of the schedule, and how the job ended."""
        job, run = self.job(schedule)
        log = self.b.folder / "log.txt"
        with log.open("w") as output:
            process = subprocess.Popen(self.command(job, slow_rank), stdout=output, stderr=subprocess.STDOUT,
                                       stdin=subprocess.DEVNULL, env=bench.pecia_environment(), start_new_session=True)
            stopped = self.stop_rank(process, run, stop_after_s) if stop_after_s else None
            try:
                status = process.wait(timeout=limit_s)
            except subprocess.TimeoutExpired:
                status = None  # stalled
                end_all(process)
            finally:
                if stopped:
                    end(stopped[0])
        if status not in ((0,) if not stopped else (75, None)):
            raise SystemExit(f"{job} ended with {status}:\n{log.read_text('utf-8', 'replace')[-3000:]}")
        told = json.loads((run / "status.json").read_text("utf-8"))
        found = dict(told["schedule"], unread_pages=told["pages"] - told["done"], pages=told["pages"],
                     stalled=status is None, stopped_s=stopped[1] if stopped else None)
        if stopped:
            found["complete_afterwards"] = self.completes(job, run)
        return found

    def stop_rank(self, process, run, after_s):
        """Stops a rank so long after pages were given out; returns its process and the time."""
        until = time.monotonic() + 120
        while not any(run.glob("journal/*")):
            if process.poll() is not None or time.monotonic() > until:
                raise SystemExit(f"no page was read in {run}")
            time.sleep(0.02)
        time.sleep(after_s)
        pid = pid_of_rank(process.pid, self.ranks // 2)
        os.kill(pid, signal.SIGSTOP)
        return pid, after_s

    def completes(self, job, run):
        """Whether two ranks read what is left, so that every page is there once."""
        subprocess.run([*bench.mpirun(2), str(bench.BIN / "pecia"), "run", str(job)], env=bench.pecia_environment(),
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT, timeout=600)
        verify = subprocess.run([str(bench.BIN / "pecia"), "verify", str(run)], capture_output=True, text=True)
        return verify.returncode == 0 and f"{self.pages} pages" in verify.stdout


def children(parent):
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as stat:
                if int(stat.read().rsplit(")", 1)[1].split()[1]) == parent:
                    found.append(int(name))
        except (OSError, IndexError):
            continue
    return found


def pid_of_rank(mpirun, rank):
    for pid in children(mpirun):
        try:
            environment = pathlib.Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if f"OMPI_COMM_WORLD_RANK={rank}".encode() in environment:
            return pid
    raise SystemExit(f"rank {rank} of mpirun {mpirun} is not to be found")


def end(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def end_all(process):
    for pid in [*children(process.pid), process.pid]:
        end(pid)
    process.wait()


def simulate(*arguments):
    done = subprocess.run([str(bench.BIN / "pecia"), "simulate", *map(str, arguments), "--json"], capture_output=True,
                          text=True, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise SystemExit(f"pecia simulate {arguments} ended with {done.returncode}:\n{done.stderr[-3000:]}")
    return json.loads(done.stdout)


def settings(schedule):
    return [word for key, value in schedule.items() for word in ("--set", f"schedule.{key}={value}")]


def middle(runs, key):
    return statistics.median(run[key] for run in runs)


class Balance:
    def __init__(self):
        self.b = bench.Benchmark("balance", __doc__, self.add_options)
        self.quick = self.b.options.quick
        self.parts = self.b.options.only or PARTS
        self.repetitions = self.b.options.repetitions or (1 if self.quick else 3)
        self.notes = []

    @staticmethod
    def add_options(parser):
        parser.add_argument("--only", action="append", choices=PARTS, help="this part; repeatable (all)")
        parser.add_argument("--ranks", type=int, help="real ranks (64, 16 with --quick)")
        parser.add_argument("--time-scale", type=float, help="seconds of the replay for each of the trace (.25, .02)")

    def tell(self, where, name, runs, bound, baseline, baseline_name):
        """The cases of one schedule. `runs`, `baseline`: as status.json or the simulator tells."""
        runs = [run for run in runs if not self.is_unfinished(where, name, run)]
        if not runs:
            return
        makespan_s, pages = middle(runs, "makespan_s"), runs[0]["pages"]
        self.b.case(f"{where}: {name}: makespan", "s", makespan_s, "no schedule is faster", bound["bound_s"])
        other = [run for run in baseline if not run.get("unread_pages") and not run.get("stalled")]
        self.b.case(f"{where}: {name}: efficiency", "1", bound["bound_s"] / makespan_s,
                    baseline_name if other else None, bound["bound_s"] / middle(other, "makespan_s") if other else None)
        self.b.case(f"{where}: {name}: messages", "1/page", middle(runs, "messages") / pages)
        if name == PECIA:
            self.b.case(f"{where}: {name}: makespan over a central queue without latency", "s", makespan_s,
                        "central queue without latency", bound["list_makespan_s"])
            for key in "steals", "stolen_pages", "copies", "duplicates":
                self.b.case(f"{where}: {name}: {key}", "1", middle(runs, key))

    def is_unfinished(self, where, name, run):
        if not run.get("unread_pages") and not run.get("stalled"):
            return False
        self.b.case(f"{where}: {name}: pages not read at its end", "1", run.get("unread_pages", 0))
        self.notes.append(f"{where}: {name} {'stalled' if run.get('stalled') else 'ended with pages unread'}")
        return True

    def compare(self, where, schedules, run, bound, baseline="static blocks"):
        """Runs the schedules in turn; the bound may depend on how a run went."""
        runs = {name: [] for name in schedules}
        for _ in range(self.repetitions):
            for name, schedule in schedules.items():
                runs[name].append(run(schedule))
        for name in schedules:
            self.tell(where, name, runs[name], bound, runs[baseline], baseline)
        return runs

    def real(self):
        ranks = self.b.options.ranks or (16 if self.quick else 64)
        real = Real(self.b, ranks, self.b.options.time_scale or (0.02 if self.quick else 0.25))
        where = f"{ranks} ranks, {real.pages} pages"
        equal = real.simulated()
        if "equal" in self.parts:
            runs = self.compare(where, STRATEGIES, real.run, equal)
            self.b.case(f"{where}: {PECIA}: makespan", "s", middle(runs[PECIA], "makespan_s"), "simulated",
                        equal["makespan_s"])
        few = {name: STRATEGIES[name] for name in (PECIA, "static blocks", "central queue")}
        slow = real.simulated("--slow", f"{ranks - 1}:0.25")
        if "slow" in self.parts:
            self.compare(f"{where}, one 4 times slower", few, lambda schedule: real.run(schedule, slow_rank=True), slow)
        if "stopped" in self.parts and not self.quick:  # a rank is given up after a minute of silence
            self.stopped(real, where, few, equal["bound_s"] / 2)
        if "ablations" in self.parts and not self.quick:
            self.compare(f"{where}, ablations", {PECIA: {}, **ABLATIONS}, real.run, equal, PECIA)
            self.compare(f"{where}, one 4 times slower, ablations", {PECIA: {}, "without backup": {"backup": "off"}},
                         lambda schedule: real.run(schedule, slow_rank=True), slow, PECIA)

    def stopped(self, real, where, few, after_s):
        where = f"{where}, one stopped halfway"
        bound = real.simulated("--stop", f"{real.ranks // 2}@{after_s}")
        limit_s = 3 * bound["bound_s"] + 120
        runs = self.compare(where, few, lambda schedule: real.run(schedule, stop_after_s=after_s, limit_s=limit_s),
                            bound)
        for name in few:
            complete = sum(run["complete_afterwards"] for run in runs[name])
            self.b.case(f"{where}: {name}: complete and each page once after a second run with 2 ranks", "runs",
                        complete, "runs", len(runs[name]))

    def simulated(self, ranks, pages, schedules, where="", mishaps=(), baseline="static blocks"):
        corpus = ("--synthetic", f"pages={pages},loops=0.03", "--ranks", ranks, *mishaps)
        where = f"simulated {ranks} ranks, {pages} pages, 3 % of them 30 times longer{where}"
        runs = {name: simulate(*corpus, *settings(schedule)) for name, schedule in schedules.items()}
        for name, run in runs.items():
            self.tell(where, name, [run], run, [runs[baseline]], baseline)
            if name == PECIA:
                self.b.case(f"{where}: {name}: processor time", "us/page", run["sched_cpu_us_per_page"])
                self.b.case(f"{where}: {name}: memory", "MiB", run["peak_memory_bytes"] / 2**20)
        return runs

    def ablations(self):
        ranks, pages = (64, 20_000) if self.quick else (512, 500_000)
        runs = self.simulated(ranks, pages, {PECIA: {}, **ABLATIONS}, ", ablations", (), PECIA)
        # What copies are for: a rank that lags when nobody has anything else left to do.
        late = ("--slow", f"5:0.01@{0.98 * runs[PECIA]['bound_s']}")
        self.simulated(ranks, pages, {PECIA: {}, "without backup": {"backup": "off"}},
                       ", one 100 times slower near the end", late, PECIA)

    def large(self):
        began = time.perf_counter()
        self.simulated(10_000, 10_000_000, {PECIA: {}}, baseline=PECIA)
        self.b.case("simulated 10000 ranks, 10000000 pages: wall time of the simulation", "s",
                    time.perf_counter() - began)

    def all(self):
        if {"equal", "slow", "stopped", "ablations"} & set(self.parts):
            self.real()
        if "ablations" in self.parts:
            self.ablations()
        if "simulated" in self.parts:
            ranks, pages = (256, 100_000) if self.quick else (4096, 4_000_000)
            self.simulated(ranks, pages, {name: STRATEGIES[name] for name in (PECIA, "static blocks")})
        if "large" in self.parts and not self.quick:
            self.large()
        self.b.finish(note="; ".join(self.notes) or None)


if __name__ == "__main__":
    Balance().all()
