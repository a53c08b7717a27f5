"""A real Slurm cluster for a test, and what tests ask of it."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "system"))
import pecia_process as pecia  # noqa: E402

SOURCE = pecia.DATA.parent.parent
SCRIPTS = SOURCE / "slurm"
HERE = pathlib.Path(__file__).resolve().parent
SKIPPED = 77
ENDED = ("COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL", "PREEMPTED")
DAEMONS = ("slurmctld", "slurmd", "munged", "srun")


class Case(pecia.Case):
    """A test with a cluster of its own. Jobs read a trace: pages that take their time and no processor."""

    NODES = 1
    SETTINGS = {}

    def setUp(self):
        super().setUp()
        self.folder.chmod(0o755)  # munge wants its socket to be within reach of all
        self.cluster = self.folder / "cluster"
        # Two ranks of different "nodes" of one host must not meet in its shared memory.
        self.env = dict(pecia.environment(), SLURM_CONF=str(self.cluster / "slurm.conf"), PECIA=pecia.PECIA,
                        OMPI_MCA_btl="tcp,self", OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1",
                        MIN_RUN_S="2", MAX_RESTARTS_WITHOUT_PROGRESS="3", **self.SETTINGS)
        self.addCleanup(subprocess.run, [HERE / "cluster.sh", "stop", self.cluster], env=self.env, timeout=120)
        subprocess.run([HERE / "cluster.sh", "start", self.cluster, str(self.NODES)], check=True, env=self.env, timeout=150)

    def tool(self, *command, check=True):
        return subprocess.run(list(map(str, command)), env=self.env, capture_output=True, text=True, timeout=60,
                              check=check).stdout

    def job(self, pages, seconds, name="run", **settings):
        """Without copies of lagging pages, whose reader may finish beside the other: no page is read twice."""
        trace = self.folder / f"{name}.tsv"
        trace.write_text("path\tpage\tseconds\twidth_px\theight_px\tcompressed_bytes\ttransitions\n" +
                         "".join(f"book.pdf\t{page}\t{seconds}\t1000\t1000\t1000\t\n" for page in range(1, pages + 1)))
        return pecia.write_job(self.folder, {"trace": str(trace)}, name=f"{name}.yaml", engine={"name": "replay", "threads": 1},
                               run=str(self.folder / name),
                               **{"store": {"sync_interval_s": 0.5}, "schedule": {"backup": "off"}, **settings})

    def submit(self, job, *options, script="pecia-cpu.sbatch", arguments=()):
        self.outputs = getattr(self, "outputs", [])
        output = self.folder / f"{job.stem}.out"
        self.outputs.append(output)
        return self.tool("sbatch", "--parsable", "--cpus-per-task=1", "--time=10", f"--output={output}", *options,
                         SCRIPTS / script, job, *arguments).strip()

    def high(self, nodes=1, seconds=3):
        """A job that needs the nodes whole, and is served first."""
        return self.tool("sbatch", "--parsable", "--partition=high", f"--nodes={nodes}", "--exclusive", "--output=/dev/null",
                         f"--wrap=sleep {seconds}").strip()

    def fields(self, number):
        for _ in range(30):  # a busy controller may not answer at once
            found = dict(re.findall(r"(\S+?)=(\S*)", self.tool("scontrol", "-o", "show", "job", number, check=False)))
            if "JobState" in found:
                return found
            time.sleep(1)
        self.fail(f"Slurm says nothing of job {number}")

    def finish(self, number, timeout_s=150):
        until = time.monotonic() + timeout_s
        state = None
        while time.monotonic() < until:
            state = self.fields(number)["JobState"]
            if state in ENDED:
                return state
            time.sleep(0.3)
        self.fail(f"job {number} is {state} after {timeout_s} s:\n{self.output()}")

    def output(self):
        return "\n".join(f.read_text(errors="replace") if f.exists() else "(no output)" for f in self.outputs)

    def status(self, name="run"):
        status, output = pecia.run(0, "status", self.folder / name, "--json", env=self.env)
        return json.loads(output) if status == 0 else {"done": 0, "state": "none"}

    def reading(self, name="run", pages=1):
        self.wait_for(lambda: self.status(name)["done"] >= pages, timeout_s=90, what=f"{pages} pages of {name}")

    def expect_complete(self, number, restarts, name="run", timeout_s=150):
        """COMPLETED, every page accounted for, and none that was committed read twice."""
        self.assertEqual(self.finish(number, timeout_s), "COMPLETED", self.output())
        status, output = pecia.run(0, "verify", self.folder / name)
        self.assertEqual(status, 0, output + self.output())
        self.assertNotIn("stand behind a better one", output)
        self.assertEqual(int(self.fields(number)["Restarts"]), restarts, self.output())


def main():
    missing = [tool for tool in DAEMONS if not shutil.which(tool, path=os.environ["PATH"] + ":/usr/sbin:/sbin")]
    if missing:
        print(f"skipped: {', '.join(missing)} not found (Debian: apt-get install slurm-wlm munge)")
        sys.exit(SKIPPED)
    pecia.main()
