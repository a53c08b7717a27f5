"""Starts and ends of a job on a real Slurm cluster of one node."""

import os
import pathlib
import random
import signal
import time

import pecia_process as pecia
import slurm_case as slurm

CORPUS = {"root": str(pecia.DATA / "system" / "corpus"), "exclude": ["**/truncated.pdf"]}


def command_of(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_text(errors="replace")
    except OSError:  # it has just ended
        return ""


class EndTest(slurm.Case):
    def wrapper(self, verb, *lines):
        """A pecia that does `lines` before `verb`; for moments that are short otherwise."""
        script = self.folder / "pecia"
        script.write_text("\n".join(["#!/bin/sh", f'if [ "$1" = {verb} ]; then', *lines, "fi",
                                     f'exec {pecia.PECIA} "$@"', ""]))
        script.chmod(0o755)
        self.env["PECIA"] = str(script)

    def processes(self, name):
        """Of this test, in whatever step of Slurm."""
        return [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc")))
                if pecia.name_of(pid) == name and str(self.folder) in command_of(pid)]

    def test_a_warning_before_the_ranks_start_is_passed_on(self):
        marker = self.folder / "before-the-ranks"
        self.wrapper("status", f"[ -e {marker} ] || {{ touch {marker}; sleep 2; }}")
        number = self.submit(self.job(30, 1))
        self.wait_for(marker.exists, what="the script's first look at the run")
        self.tool("scancel", "--batch", "--signal=USR1", number)
        self.expect_complete(number, 1)

    def test_a_drained_retry_is_requeued_though_every_page_has_an_outcome(self):
        job = pecia.write_job(self.folder, dict(CORPUS, exclude=[]), engine={"name": "echo"})
        self.assertEqual(pecia.run(0, "run", job)[0], 3)
        self.wrapper("run", '[ -n "$SLURM_RESTART_COUNT" ] || exit 75  # drained before it read a page')
        number = self.submit(job, arguments=("--retry", "failed"))
        # Complete with failed pages: accounted for, and no restart would change it.
        self.assertEqual(self.finish(number), "COMPLETED", self.output())
        self.assertIn("pages that failed: ", self.output())
        self.assertEqual(self.fields(number)["Restarts"], "1", self.output())
        self.assertEqual(pecia.run(0, "verify", self.folder / "run")[0], 3)

    def test_a_cancelled_job_stays_cancelled(self):
        number = self.submit(self.job(40, 0.5))
        self.reading()
        self.tool("scancel", number)
        self.assertEqual(self.finish(number), "CANCELLED", self.output())
        time.sleep(2)  # a requeue would come now
        self.assertEqual(self.fields(number)["JobState"], "CANCELLED")
        self.assertEqual(pecia.run(0, "verify", self.folder / "run")[0], 75, "what was read is sound")

    def test_a_job_goes_on_in_its_allocation_when_a_rank_dies(self):
        number = self.submit(self.job(60, 0.3))
        self.reading(pages=5)
        ranks = [pid for pid in self.processes("pecia") if "\0run\0" in command_of(pid)]  # and not the script's look at the run
        self.assertEqual(len(ranks), 2)
        pecia.end(random.choice(ranks), signal.SIGKILL)
        self.expect_complete(number, 0)
        self.assertIn("going on in this allocation", self.output())

    def test_a_launcher_that_hangs_is_ended_by_the_runs_own_state(self):
        self.env.update(POLL_S="1", END_S="3")
        number = self.submit(self.job(100, 0.3))
        self.reading()
        launcher = self.processes("srun")
        self.assertTrue(launcher)
        for pid in launcher:
            pecia.end(pid, signal.SIGSTOP)
        self.expect_complete(number, 0)
        self.assertIn("the run is complete, but its launcher has not ended for 3 s", self.output())

    def test_a_run_that_makes_no_progress_is_given_up_over_requeues(self):
        self.wrapper("run", "exit 75")
        number = self.submit(self.job(2, 0.1))
        self.assertEqual(self.finish(number), "FAILED", self.output())
        self.assertIn("giving up: 4 starts without a page", self.output())
        self.assertEqual(self.fields(number)["Restarts"], "3")


if __name__ == "__main__":
    slurm.main()
