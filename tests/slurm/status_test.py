"""`pecia status` beside a Slurm that answers, forgets, is silent or is not there."""

import json
import os

import pecia_process as pecia


class StatusTest(pecia.Case):
    def setUp(self):
        super().setUp()
        job = pecia.write_job(self.folder, pecia.DATA / "system" / "corpus" / "loose", engine={"name": "echo"})
        status, output = pecia.run(0, "run", job, env=dict(pecia.environment(), SLURM_JOB_ID="34"))
        self.assertEqual(status, 0, output)
        self.env = dict(pecia.environment(), PATH=f"{self.folder}:{os.environ['PATH']}")
        self.program("scontrol", "exit 1")
        self.program("squeue", "exit 1")

    def program(self, name, *lines):
        file = self.folder / name
        file.write_text("\n".join(["#!/bin/sh", *lines, ""]))
        file.chmod(0o755)

    def status(self, *options):
        status, output = pecia.run(0, "status", self.folder / "run", *options, env=self.env)
        self.assertEqual(status, 0, output)
        return output

    def test_what_slurm_says_stands_beside_what_the_run_says(self):
        self.program("scontrol", 'echo "JobId=34 JobState=PENDING Reason=Priority Restarts=2 NodeList=(null) $*"')
        self.assertRegex(self.status(), r"complete since .*\nSlurm job 34: PENDING \(Priority\), restarted 2 times\n")
        slurm = json.loads(self.status("--json"))["slurm"]
        self.assertEqual(slurm, {"job": "34", "state": "PENDING", "restarts": 2, "reason": "Priority", "nodes": ""})
        self.assertNotIn("Slurm job", self.status("--no-slurm"))

    def test_a_job_that_slurm_forgot_is_said_to_have_ended(self):
        self.program("scontrol", "echo slurm_load_jobs error: Invalid job id specified >&2", "exit 1")
        self.assertIn("\nSlurm job 34: it has ended, and Slurm has forgotten it\n", self.status())

    def test_squeue_helps_out(self):
        self.program("squeue", '[ "$1 $2 $3" = "-h -j 34" ] && echo "34|RUNNING|None|n[1-2]"')
        self.assertIn("\nSlurm job 34: RUNNING on n[1-2]\n", self.status())

    def test_a_slurm_that_does_not_answer_is_not_waited_for(self):
        self.program("scontrol", "exec sleep 1000")  # pecia.run would not wait so long
        self.assertNotIn("Slurm job", self.status())

    def test_no_slurm_is_nothing_to_speak_of(self):
        (self.folder / "scontrol").unlink()
        (self.folder / "squeue").unlink()
        self.env["PATH"] = str(self.folder)
        self.assertNotIn("Slurm", self.status())

    def test_a_job_that_nobody_has_begun_is_no_mistake(self):
        job = pecia.write_job(self.folder, pecia.DATA / "system" / "corpus", name="new.yaml", run=str(self.folder / "new"))
        self.assertEqual(pecia.run(0, "status", self.folder / "new")[0], 2)
        status, output = pecia.run(0, "status", job, "--json")
        self.assertEqual(status, 0, output)
        found = json.loads(output)
        self.assertEqual((found["state"], found["run"], found["epoch"]), ("none", str(self.folder / "new"), 0))


if __name__ == "__main__":
    pecia.main()
