"""A node is powered off under a job: Slurm finds out and puts the job back, and it goes on without that node's help."""

import os
import sys

import slurm_case as slurm


class NodeTest(slurm.Case):
    NODES = 3
    SETTINGS = {"HOSTS": "1"}

    def setUp(self):
        super().setUp()
        del self.env["OMPI_MCA_btl"]  # here hosts are hosts

    def test_a_job_survives_the_death_of_a_node(self):
        number = self.submit(self.job(240, 0.3), "--nodes=2", "--ntasks-per-node=1")
        self.reading(pages=10)
        nodes = self.fields(number)["NodeList"]
        self.assertEqual(nodes, "h[1-2]")
        self.tool(slurm.HERE / "hosts.sh", "kill", self.cluster / "hosts", "h2")
        self.expect_complete(number, 1, timeout_s=180)
        self.assertEqual(self.fields(number)["NodeList"], "h[1,3]")


if __name__ == "__main__":
    if os.geteuid() != 0:
        print("skipped: hosts in network namespaces need root")
        sys.exit(slurm.SKIPPED)
    slurm.main()
