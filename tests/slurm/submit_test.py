"""submit.sh: the run and the export that waits for it, on a real Slurm cluster of one node."""

import re
import subprocess

import pecia_process as pecia
import slurm_case as slurm


class SubmitTest(slurm.Case):
    def submit_sh(self, *arguments):
        site = self.folder / "site.sh"
        site.write_text(f'SCRIPT=pecia-mpirun.sbatch\nSBATCH_OPTIONS=(--cpus-per-task=1 --output={self.folder}/run.out)\n'
                        f'EXPORT_OPTIONS=(--output={self.folder}/export.out)\nload_modules() {{ echo modules of $SLURM_JOB_ID; }}\n')
        done = subprocess.run([slurm.SCRIPTS / "submit.sh", "--site", site, *map(str, arguments)], env=self.env, timeout=60,
                              capture_output=True, text=True, cwd=self.folder)
        return done.returncode, done.stdout + done.stderr

    def test_a_run_and_its_export(self):
        self.outputs = [self.folder / "run.out", self.folder / "export.out"]
        pages = 200  # half a minute: it must still run when all that follows was asked, on a busy machine too
        job = self.job(pages, 0.3)

        status, output = self.submit_sh(job, "--formats", "jsonl")
        self.assertEqual(status, 0, output)
        run, export = re.search(r"^run (\d+) .*\nexport (\d+) ", output).groups()
        self.assertEqual(self.fields(export)["Reason"], "Dependency", self.tool("scontrol", "show", "job", export))

        # A second job is refused while the first waits or runs, whatever the job file is called.
        self.assertEqual(self.submit_sh(job)[0], 1)
        self.reading(pages=5)
        (self.folder / "copy.yaml").write_text(job.read_text())
        status, output = self.submit_sh(self.folder / "copy.yaml")
        self.assertEqual(status, 1)
        self.assertIn(f"job {run} (RUNNING) works on {self.folder}/run already", output)

        # A login node tells what Slurm says beside what the run says.
        text = pecia.run(0, "status", self.folder / "run", env=self.env)[1]
        self.assertIn(f"\nSlurm job {run}: RUNNING on n1\n", text)
        self.tool("scontrol", "requeue", run)
        self.wait_for(lambda: self.fields(run)["JobState"] == "PENDING", what="the job back in the queue")
        self.assertRegex(pecia.run(0, "status", job, env=self.env)[1], rf"\nSlurm job {run}: PENDING( \(\w+\))?, restarted once\n")
        self.assertEqual(self.status()["slurm"]["restarts"], 1)

        self.expect_complete(run, 1)
        self.assertIn(f"modules of {run}", self.output())
        self.assertEqual(self.finish(export), "COMPLETED", self.output())
        lines = (self.folder / "run" / "export" / "pages.jsonl").read_text().splitlines()
        self.assertEqual(len(lines), pages)
        self.assertIn("complete since", pecia.run(0, "status", job, env=self.env)[1])

        # Later, the same command is no second one.
        status, output = self.submit_sh(job, "--no-export")
        self.assertEqual(status, 0, output)
        self.assertNotIn("export", output)
        self.assertEqual(self.finish(re.match(r"run (\d+)", output)[1]), "COMPLETED", self.output())

    def test_a_run_that_is_cancelled_is_not_exported(self):
        self.outputs = [self.folder / "run.out"]
        status, output = self.submit_sh(self.job(60, 0.5), "--script", "pecia.sbatch", "--", "--job-name=mine")
        self.assertEqual(status, 0, output)
        run, export = re.search(r"^run (\d+) .*\nexport (\d+) ", output).groups()
        self.reading()
        self.assertEqual(self.fields(run)["JobName"], "mine")
        self.tool("scancel", run)
        self.assertEqual(self.finish(run), "CANCELLED")
        self.assertEqual(self.finish(export), "CANCELLED")

    def test_a_job_that_came_by_another_way_is_seen(self):
        job = self.job(100, 0.3)
        number = self.submit(job)
        self.reading()
        status, output = self.submit_sh(job)
        self.assertEqual(status, 1)
        self.assertIn(f"job {number} (RUNNING) works on", output)
        self.tool("scancel", number)
        self.assertEqual(self.finish(number), "CANCELLED")

        by_hand = pecia.start(0, "run", job)
        self.addCleanup(by_hand.communicate)
        self.addCleanup(by_hand.kill)
        self.wait_for(lambda: self.status()["running"], what="the run started by hand")
        status, output = self.submit_sh(job)
        self.assertEqual(status, 1)
        self.assertIn("is in use", output)

        # Another run of the same job file is free.
        status, output = self.submit_sh(job, "--set", "run=other", "--no-export", "--", "--hold")
        self.assertEqual(status, 0, output)
        self.assertIn(f"({self.folder}/other;", output)

    def test_what_is_wrong_is_said(self):
        job = self.job(1, 0.1)
        for arguments, said in (((), "it needs a job file"), (("absent.yaml",), "no job file"),
                                ((job, "--frobnicate"), "unknown option"), ((job, "--script", "absent.sbatch"), "no batch script")):
            status, output = self.submit_sh(*arguments)
            self.assertEqual(status, 2, output)
            self.assertIn(said, output)
        job.write_text("nonsense: 1\n")
        self.assertEqual(self.submit_sh(job)[0], 1)


if __name__ == "__main__":
    slurm.main()
