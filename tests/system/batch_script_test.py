"""What slurm/pecia.sbatch decides, with programs in Slurm's and pecia's places that say what the test wants."""

import os
import subprocess

import pecia_process as pecia

SBATCH = pecia.DATA.parent.parent / "slurm" / "pecia.sbatch"


class BatchScriptTest(pecia.Case):
    def program(self, name, *lines):
        file = self.folder / name
        file.write_text("\n".join(["#!/bin/sh", *lines, ""]))
        file.chmod(0o755)
        return str(file)

    def batch(self, run, verify):
        """The script's exit status and output; `run` and `verify` are the exit statuses of pecia's verbs."""
        self.program("srun", 'while [ "${1#--}" != "$1" ]; do shift; done', 'exec "$@"')
        self.program("scontrol", "echo JobId=1 JobState=RUNNING")
        self.program("scancel")
        program = self.program("pecia", 'echo "$1" >>calls', 'case $1 in', f"run) exit {run} ;;",
                               f"verify) echo verified; exit {verify} ;;", "status) echo '1 of 2 pages (50.0 %)' ;;",
                               "esac")
        env = dict(os.environ, PATH=f"{self.folder}:{os.environ['PATH']}", PECIA=program, SLURM_JOB_ID="1",
                   SLURM_JOB_NODELIST="n1")
        done = subprocess.run(["bash", SBATCH, "job.yaml"], env=env, cwd=self.folder, capture_output=True, text=True,
                              timeout=60)
        return done.returncode, done.stdout + done.stderr

    def runs(self):
        return (self.folder / "calls").read_text().split().count("run")

    def test_a_complete_run_ends_with_its_status(self):
        for status in 0, 3:
            self.assertEqual(self.batch(run=status, verify=status)[0], status)

    def test_a_damaged_run_is_no_success(self):
        status, output = self.batch(run=0, verify=1)
        self.assertEqual(status, 1, output)
        self.assertIn("damaged", output)
        self.assertEqual(self.runs(), 1, output)

    def test_a_run_that_stays_unfinished_is_no_success(self):
        status, output = self.batch(run=0, verify=75)
        self.assertNotIn(status, (0, 3), output)
        self.assertIn("giving up", output)

    def test_a_job_file_that_is_wrong_is_not_tried_again(self):
        status, output = self.batch(run=2, verify=2)
        self.assertEqual(status, 2, output)
        self.assertEqual(self.runs(), 1, output)

    def test_ranks_that_die_without_progress_are_not_started_for_ever(self):
        status, output = self.batch(run=137, verify=75)
        self.assertEqual(status, 137, output)
        self.assertEqual(self.runs(), 4, output)


if __name__ == "__main__":
    pecia.main()
