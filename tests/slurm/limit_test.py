"""The time limit is reached again and again; Slurm looks every 30 s, so this takes some minutes of waiting."""

import slurm_case as slurm


class LimitTest(slurm.Case):
    def test_a_job_longer_than_its_limit_comes_to_its_end(self):
        # Each start lasts 20 to 45 s, until Slurm warns; three are needed at least for what takes two ranks 110 s at best.
        number = self.submit(self.job(440, 0.5), "--time=1", "--signal=B:USR1@15")
        self.assertEqual(self.finish(number, timeout_s=420), "COMPLETED", self.output())
        restarts = int(self.fields(number)["Restarts"])
        self.assertGreaterEqual(restarts, 2, self.output())
        self.expect_complete(number, restarts)


if __name__ == "__main__":
    slurm.main()
