"""What the batch scripts decide, with programs in Slurm's and pecia's places that say what the test wants."""

import os
import subprocess

import pecia_process as pecia

SLURM = pecia.DATA.parent.parent / "slurm"


class ScriptTest(pecia.Case):
    def program(self, name, *lines):
        file = self.folder / name
        file.write_text("\n".join(["#!/bin/bash", *lines, ""]))
        file.chmod(0o755)
        return str(file)

    def setUp(self):
        super().setUp()
        self.program("srun", 'while [ "${1#--}" != "$1" ]; do shift; done', '"$@"; status=$?', ". ./after_the_ranks", "exit $status")
        self.program("after_the_ranks")
        self.program("scontrol", 'echo "JobId=1 JobState=RUNNING Restarts=0 PreemptTime=${PREEMPT_TIME:-None}"')
        self.program("scancel")
        self.program("squeue")

    def batch(self, run, verify, state, *status, **env):
        """The script's exit status and output. `run`, `verify`: exit statuses of these verbs; `state`: of the run after a
        start; `status`: more lines of pecia status."""
        defaults = {"run": f'\\"{self.folder}\\"', "pages": 2, "done": 1, "starts_without_progress": 0, "lock_counter": "$RANDOM"}
        lines = [f'echo "  \\"{key}\\": {value},"' for key, value in {**defaults, **dict(status)}.items()]
        program = self.program(
            "pecia", 'echo "$1" >>calls', "starts=$(grep -c run calls)", "case $1 in", f"run) exit {run} ;;",
            f"verify) echo verified; exit {verify} ;;", f'status) echo "  \\"state\\": \\"{state}\\","; echo "  \\"epoch\\": $starts,"',
            *lines, ";;", "esac")
        env = {**os.environ, "PATH": f"{self.folder}:{os.environ['PATH']}", "PECIA": program, "SLURM_JOB_ID": "1", "MIN_RUN_S": "0",
               "MAX_RESTARTS_WITHOUT_PROGRESS": "3",
               "SLURM_JOB_NODELIST": "n1", "POLL_S": "0.2", "END_S": "1", "SILENT_S": "2", **env}
        done = subprocess.run(["bash", SLURM / "pecia-cpu.sbatch", "job.yaml"], env=env, cwd=self.folder, capture_output=True,
                              text=True, timeout=60)
        return done.returncode, done.stdout + done.stderr

    def runs(self):
        return (self.folder / "calls").read_text().split().count("run")

    def test_a_controller_that_does_not_answer_is_asked_again(self):
        self.program("scontrol", "echo asked >>asked", '[ $(wc -l <asked) -gt 4 ] || exit 1',
                     'echo "JobId=1 JobState=RUNNING Restarts=0 PreemptTime=None"', '[ "$1" = requeue ] && { echo >>requeued; kill -TERM $PPID; }',
                     "true")
        status, output = self.batch(run=75, verify=75, state="unfinished")
        self.assertEqual(status, 75, output)
        self.assertTrue((self.folder / "requeued").exists(), output)

    def test_a_run_that_does_not_answer_at_first_is_asked_again(self):
        program = self.program("slow", 'if [ "$1" = status ] && [ ! -e asked ]; then touch asked; exit 1; fi', 'exec ./pecia "$@"')
        status, output = self.batch(run=0, verify=0, state="complete", PECIA=program)
        self.assertEqual(status, 0, output)

    def test_a_complete_run_is_a_success_with_failed_pages_too(self):
        self.assertEqual(self.batch(run=0, verify=0, state="complete")[0], 0)
        status, output = self.batch(run=3, verify=3, state="complete")
        self.assertEqual(status, 0, output)
        self.assertIn("pages that failed", output)

    def test_a_launcher_that_ends_a_complete_run_with_a_failure_is_not_believed(self):
        self.assertEqual(self.batch(run=137, verify=0, state="complete")[0], 0)
        self.assertEqual(self.runs(), 1)

    def test_a_damaged_run_is_no_success(self):
        status, output = self.batch(run=0, verify=1, state="complete")
        self.assertEqual(status, 1, output)
        self.assertIn("damaged", output)
        self.assertEqual(self.runs(), 1, output)

    def test_a_run_that_stays_unfinished_is_no_success(self):
        status, output = self.batch(run=0, verify=75, state="complete")
        self.assertEqual(status, 1)
        self.assertIn("giving up", output)

    def test_a_job_file_that_is_wrong_is_not_tried_again(self):
        status, output = self.batch(run=2, verify=2, state="none")
        self.assertEqual(status, 2, output)
        self.assertEqual(self.runs(), 1, output)

    def test_ranks_that_die_without_progress_are_not_started_for_ever(self):
        status, output = self.batch(run=137, verify=75, state="killed")
        self.assertEqual(status, 1, output)
        self.assertEqual(self.runs(), 4, output)

    def test_starts_without_progress_of_earlier_allocations_count(self):
        status, output = self.batch(75, 75, "unfinished", ("starts_without_progress", 4))
        self.assertEqual(status, 1, output)
        self.assertIn("giving up: 4 starts", output)
        self.assertEqual(self.runs(), 1)

    def requeued(self, *status, **env):
        """Output of a job that stopped early and went back into the queue, and the seconds that it took."""
        self.program("scontrol", 'if [ "$1" = requeue ]; then echo requeued; kill -TERM $PPID; exit; fi',
                     'echo "JobId=1 JobState=RUNNING PreemptTime=${PREEMPT_TIME:-None}"')
        code, output = self.batch(75, 75, "unfinished", *status, **env)
        self.assertEqual(code, 75, output)
        self.assertIn("requeued", output)
        return output

    def test_what_slurm_takes_away_is_not_given_up(self):
        self.requeued(("starts_without_progress", 9), PREEMPT_TIME="2026-01-01T00:00:00")

    def test_a_start_that_lived_shortly_waits_before_it_goes_back(self):
        self.assertIn("waiting a while", self.requeued(MIN_RUN_S="3"))
        self.assertNotIn("waiting a while", self.requeued(MIN_RUN_S="0"))

    def test_a_launcher_that_stays_after_the_end_is_ended(self):
        self.program("squeue", "echo 1.batch; echo 1.0")
        self.program("scancel", 'echo "$*" >>cancelled')
        self.program("after_the_ranks", "trap '' TERM", "while :; do sleep 0.2; done")
        status, output = self.batch(run=0, verify=0, state="complete")
        self.assertEqual(status, 0, output)
        self.assertIn("its launcher has not ended for 1 s", output)
        self.assertEqual((self.folder / "cancelled").read_text(), "1.0\n")

    def test_a_launcher_whose_run_is_silent_is_ended(self):
        self.program("after_the_ranks", "while :; do sleep 0.2; done")
        status, output = self.batch(137, 75, "running", ("lock_counter", 7))
        self.assertIn("nothing was heard of the run for 2 s (running)", output)
        self.assertIn("giving up", output)
        self.assertEqual(status, 1)

    def test_a_launcher_whose_run_waits_for_room_is_left_alone(self):
        self.program("after_the_ranks", "sleep 6")
        output = self.batch(137, 75, "running", ("lock_counter", 7), ("run", '\\"/absent/folder\\"'),
                            MAX_RESTARTS_WITHOUT_PROGRESS="0")[1]
        self.assertIn("its folder takes no file", output)
        self.assertNotIn("ending its launcher", output)

    def test_a_launcher_whose_run_lives_is_left_alone(self):
        self.program("after_the_ranks", "sleep 5")
        self.assertNotIn("ending its launcher", self.batch(137, 75, "running", MAX_RESTARTS_WITHOUT_PROGRESS="0")[1])

    def test_a_site_file_is_read(self):
        site = self.folder / "my-site.sh"
        site.write_text("load_modules() { echo modules loaded; }\nMAX_RESTARTS_WITHOUT_PROGRESS=0\n")
        output = self.batch(137, 75, "killed", PECIA_SITE=str(site))[1]
        self.assertIn("modules loaded", output)
        self.assertEqual(self.runs(), 1)
        status, output = self.batch(0, 0, "complete", PECIA_SITE="/absent/site.sh")
        self.assertEqual(status, 2)
        self.assertIn("/absent/site.sh", output)

    def test_a_script_that_was_copied_finds_its_folder_or_says_so(self):
        copied = self.folder / "spool" / "slurm_script"
        copied.parent.mkdir()
        copied.write_text((SLURM / "export.sbatch").read_text())
        env = {**os.environ, "PATH": f"{self.folder}:{os.environ['PATH']}", "PECIA": self.program("pecia", "exit 2")}

        def run(**more):
            return subprocess.run(["bash", copied, "run"], env={**env, **more}, cwd=self.folder, capture_output=True, text=True,
                                  timeout=20)

        lost = run()
        self.assertEqual(lost.returncode, 2)
        self.assertIn("set PECIA_SLURM_DIR", lost.stderr)
        self.assertIn("there is no run", run(PECIA_SLURM_DIR=str(SLURM)).stderr)
        self.program("scontrol", f'echo "JobId=1 Command={SLURM}/export.sbatch run WorkDir=/"')
        self.assertIn("there is no run", run(SLURM_JOB_ID="1").stderr)

    def export(self, ends, *arguments):
        """export.sbatch with a pecia that exports with this exit status; what it was asked for is in `exported`."""
        program = self.program(
            "pecia", "case $1 in", f'status) echo "  \\"run\\": \\"{self.folder}/run\\","; echo "  \\"state\\": \\"complete\\","; '
            'echo "  \\"epoch\\": 1,";;', f'export) echo "$@" >>exported; exit {ends} ;;', "esac")
        env = {**os.environ, "PATH": f"{self.folder}:{os.environ['PATH']}", "PECIA": program, "SLURM_JOB_ID": "1", "MIN_RUN_S": "0",
               "POLL_S": "0.2", "PECIA_SLURM_DIR": str(SLURM)}
        done = subprocess.run(["bash", SLURM / "export.sbatch", "job.yaml", *arguments], env=env, cwd=self.folder, capture_output=True, text=True,
                              timeout=60)
        return done.returncode, done.stdout + done.stderr

    def exported(self):
        return (self.folder / "exported").read_text().splitlines()

    def test_an_export_with_gaps_is_no_failure(self):
        status, output = self.export(3)
        self.assertEqual(status, 0, output)
        self.assertEqual(self.exported(), [f"export job.yaml --format md,txt,jsonl --out {self.folder}/run/export"])

    def test_an_export_passes_options_on(self):
        self.assertEqual(self.export(0, "md", "texts", "--complete-only", "--documents", "box 7/**")[0], 0)
        self.assertEqual(self.exported(), ["export job.yaml --format md --out texts --complete-only --documents box 7/**"])

    def test_an_export_that_was_stopped_goes_back_into_the_queue(self):
        self.program("scontrol", '[ "$1" = requeue ] && { echo >>requeued; kill -TERM $PPID; }',
                     'echo "JobId=1 JobState=RUNNING Restarts=0 PreemptTime=None"')
        self.assertEqual(self.export(75)[0], 75)
        self.assertTrue((self.folder / "requeued").exists())

    def test_an_export_that_fails_does(self):
        self.assertEqual(self.export(2)[0], 2)
        self.assertFalse((self.folder / "requeued").exists())


if __name__ == "__main__":
    pecia.main()
