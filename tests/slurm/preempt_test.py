"""Jobs that Slurm takes off their nodes are brought to their end by Slurm and the batch script."""

import slurm_case as slurm


class PreemptTest(slurm.Case):
    def test_with_grace_and_without_both_jobs_come_to_their_end(self):
        # Both on one node: what needs it whole takes it from both.
        with_grace = self.submit(self.job(180, 0.3, "grace"), "--partition=low")
        at_once = self.submit(self.job(180, 0.3, "once"), "--partition=low0")
        self.reading("grace", 5)
        self.reading("once", 5)
        high = self.high()
        self.expect_complete(with_grace, 1, "grace")
        self.expect_complete(at_once, 1, "once")
        self.assertEqual(self.finish(high), "COMPLETED")

    def test_under_mpirun(self):
        # Slurm tells mpirun's daemons too, which leave the ranks a second or two.
        number = self.submit(self.job(120, 0.3), script="pecia-mpirun.sbatch")
        self.reading(pages=5)
        self.high()
        self.expect_complete(number, 1)

    def test_a_job_that_is_put_back_by_hand_goes_on(self):
        number = self.submit(self.job(120, 0.3), script="pecia.sbatch")
        self.reading(pages=5)
        self.tool("scontrol", "requeue", number)
        self.expect_complete(number, 1)


class WarnedPreemptTest(slurm.Case):
    SETTINGS = {"CTLD_PARAMS": "preempt_send_user_signal"}

    def test_a_warning_at_the_start_of_the_grace_is_passed_on(self):
        number = self.submit(self.job(120, 0.3))
        self.reading(pages=5)
        self.high()
        self.expect_complete(number, 1)
        self.assertIn("warned: the ranks finished their pages", self.output())


if __name__ == "__main__":
    slurm.main()
