"""slurm/pecia.sbatch on a real Slurm cluster of one node, started for this test on this machine."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

import pecia_process as pecia

SOURCE = pecia.DATA.parent.parent
CLUSTER = SOURCE / "tests" / "support" / "slurm" / "cluster.sh"
SBATCH = SOURCE / "slurm" / "pecia.sbatch"
CORPUS = {"root": str(pecia.DATA / "system" / "corpus"), "exclude": ["**/truncated.pdf"]}
SKIPPED = 77
ENDED = ("COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL")


class SlurmTest(pecia.Case):
    def setUp(self):
        super().setUp()
        self.folder.chmod(0o755)  # munge wants its socket to be within reach of all
        self.cluster = self.folder / "cluster"
        self.env = dict(pecia.environment(), SLURM_CONF=str(self.cluster / "slurm.conf"), PECIA=pecia.PECIA,
                        OMPI_MCA_btl="tcp,self")
        subprocess.run([CLUSTER, "start", self.cluster], check=True, env=self.env, timeout=60)
        self.addCleanup(subprocess.run, [CLUSTER, "stop", self.cluster], env=self.env, timeout=60)

    def tool(self, *command):
        return subprocess.run(list(map(str, command)), env=self.env, capture_output=True, text=True, timeout=30,
                              check=True).stdout

    def submit(self, job, *arguments):
        output = self.tool("sbatch", "--cpus-per-task=1", "--time=10", f"--output={self.folder}/job.out", SBATCH,
                           job, *arguments)
        return re.search(r"(\d+)", output)[1]

    def field(self, number, name):
        return re.search(rf"\b{name}=(\S+)", self.tool("scontrol", "-o", "show", "job", number))[1]

    def finish(self, number, timeout_s=150):
        until = time.monotonic() + timeout_s
        while time.monotonic() < until:
            state = self.field(number, "JobState")
            if state in ENDED:
                return state
            time.sleep(0.3)
        self.fail(f"job {number} is {state} after {timeout_s} s:\n{self.output()}")

    def output(self):
        file = pathlib.Path(self.folder / "job.out")
        return file.read_text(errors="replace") if file.exists() else "(no output)"

    def expect_complete(self, number):
        self.assertEqual(self.finish(number), "COMPLETED", self.output())
        status, output = pecia.run(0, "verify", self.folder / "run")
        self.assertEqual(status, 0, output + self.output())

    def test_a_job_runs_to_its_end(self):
        number = self.submit(pecia.write_job(self.folder, CORPUS))
        self.expect_complete(number)
        self.assertIn("on 2 ranks", self.output())

    def test_a_warned_job_drains_is_requeued_and_completes(self):
        number = self.submit(pecia.write_job(self.folder, CORPUS, store={"sync": "page"}))
        journal = self.folder / "run" / "journal"
        self.wait_for(lambda: journal.is_dir() and any(f.stat().st_size > 2000 for f in journal.iterdir()),
                      what="a first record")
        self.tool("scancel", "--batch", "--signal=USR1", number)
        self.expect_complete(number)
        self.assertEqual(self.field(number, "Restarts"), "1", self.output())

    def wrapper(self, verb, *lines):
        """A pecia that does `lines` before `verb`; for moments that are short otherwise."""
        script = self.folder / "pecia"
        script.write_text("\n".join(["#!/bin/sh", f'if [ "$1" = {verb} ]; then', *lines, "fi",
                                     f'exec {pecia.PECIA} "$@"', ""]))
        script.chmod(0o755)
        self.env["PECIA"] = str(script)

    def test_a_warning_before_the_ranks_start_is_passed_on(self):
        marker = self.folder / "before-the-ranks"
        self.wrapper("status", f"[ -e {marker} ] || {{ touch {marker}; sleep 2; }}")
        trace = self.folder / "pages.tsv"  # 20 s of work that need no processor
        trace.write_text("path\tpage\tseconds\twidth_px\theight_px\tcompressed_bytes\ttransitions\n" +
                         "".join(f"book.pdf\t{page}\t1\t1000\t1000\t1000\t\n" for page in range(1, 41)))
        number = self.submit(pecia.write_job(self.folder, {"trace": str(trace)}, engine={"name": "replay"}))
        self.wait_for(marker.exists, what="the script's first look at the run")
        self.tool("scancel", "--batch", "--signal=USR1", number)
        self.expect_complete(number)
        self.assertEqual(self.field(number, "Restarts"), "1", self.output())

    def test_a_drained_retry_is_requeued_though_every_page_has_an_outcome(self):
        job = pecia.write_job(self.folder, dict(CORPUS, exclude=[]), engine={"name": "echo"})
        self.assertEqual(pecia.run(0, "run", job)[0], 3)
        self.wrapper("run", '[ -n "$SLURM_RESTART_COUNT" ] || exit 75  # drained before it read a page')
        number = self.submit(job, "--retry", "failed")
        self.assertEqual(self.finish(number), "FAILED", self.output())
        self.assertEqual(self.field(number, "ExitCode"), "3:0", self.output())
        self.assertEqual(self.field(number, "Restarts"), "1", self.output())

    def test_a_cancelled_job_stays_cancelled(self):
        number = self.submit(pecia.write_job(self.folder, CORPUS))
        self.wait_for((self.folder / "run" / "lock.json").exists, what="the start of the run")
        self.tool("scancel", number)
        self.assertEqual(self.finish(number), "CANCELLED", self.output())
        time.sleep(2)  # a requeue would come now
        self.assertEqual(self.field(number, "JobState"), "CANCELLED")


if __name__ == "__main__":
    missing = [tool for tool in ("slurmctld", "slurmd", "munged", "srun")
               if not shutil.which(tool, path=os.environ["PATH"] + ":/usr/sbin:/sbin")]
    if missing:
        print(f"skipped: {', '.join(missing)} not found (Debian: apt-get install slurm-wlm munge)")
        sys.exit(SKIPPED)
    pecia.main()
