"""Two jobs on one run from two hosts: the second waits its turn, or takes over from one that is stopped.

Hosts are namespaces of this machine: each has its own network, name, processes and shared memory.
"""

import os
import shlex
import shutil
import signal
import subprocess
import unittest

import soak
import pecia_process as pecia

TAKEOVER_S = 60  # without a change of the lock's counter
HOST = ("unshare", "-n", "-u", "-m", "-i", "-p", "--fork", "--kill-child=SIGKILL", "--mount-proc", "sh", "-c")
SET_UP = "hostname {} && ip link set lo up && mount -t tmpfs tmpfs /dev/shm"
HOSTS_CAN_BE_MADE = (os.geteuid() == 0 and all(shutil.which(tool) for tool in ("unshare", "ip")) and
                     subprocess.run([*HOST, SET_UP.format("h0")], capture_output=True).returncode == 0)


@unittest.skipUnless(HOSTS_CAN_BE_MADE, "hosts in namespaces need root, unshare and ip")
class TwoHostsTest(pecia.Case):
    def start(self, host, job, ranks, *arguments):
        temporary = job.folder / f"tmp-{host}"  # mpirun's there are named by host and pid
        temporary.mkdir()
        command = shlex.join(pecia.command(ranks, "run", job.file, *arguments))
        output = open(job.folder / f"output-{host}", "w", encoding="utf-8")
        process = subprocess.Popen([*HOST, f"{SET_UP.format(host)} && exec {command}"],
                                   stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                                   env={**pecia.environment(), "TMPDIR": str(temporary)}, start_new_session=True)
        output.close()
        self.addCleanup(soak.kill_session, process)
        return process

    def said(self, host, job):
        return (job.folder / f"output-{host}").read_text(encoding="utf-8", errors="backslashreplace")

    def wait(self, host, process, job):
        try:
            return process.wait(timeout=240)
        except subprocess.TimeoutExpired:
            self.fail(f"{host} did not end:\n{self.said(host, job)}")

    def signal_all(self, process, number):
        for pid in pecia.descendants(process.pid):
            pecia.end(pid, number)

    def make_job(self, name, seconds):
        trace = soak.write_trace(self.folder / f"{name}.tsv", 12, 40, seconds)
        return soak.Job(self.folder / name, **soak.replay_settings(trace))

    def test_the_second_refuses_while_the_first_lives(self):
        job = self.make_job("lives", 0.15)
        first = self.start("h1", job, 2)
        self.wait_for(lambda: (job.run / "lock.json").exists(), what="the lock")

        second = self.start("h2", job, 0)

        self.assertEqual(self.wait("h2", second, job), 2, self.said("h2", job))
        self.assertRegex(self.said("h2", job), r"in use by another job \(host h1, pid \d+")
        self.assertEqual(self.wait("h1", first, job), soak.COMPLETE, self.said("h1", job))
        self.assertEqual(pecia.run(0, "verify", job.run)[0], soak.COMPLETE)

    def test_the_second_takes_over_from_a_first_that_is_stopped(self):
        for case, future in soak.at_once(("while the second reads", "when the second is done"), self.take_over):
            with self.subTest(f"the first goes on {case}"):
                future.result()

    def take_over(self, case):
        job = self.make_job(case.replace(" ", "-"), 0.3)
        first = self.start("h1", job, 2)
        self.wait_for(lambda: "pages/s" in self.said("h1", job), what="reading")
        self.signal_all(first, signal.SIGSTOP)
        before = job.committed("before")

        second = self.start("h2", job, 2, "--set", "engine.time_scale=0.2")
        self.wait_for(lambda: "taking the run over: its lock was not renewed" in self.said("h2", job),
                      TAKEOVER_S + 60, "the takeover")
        if case == "while the second reads":
            self.wait_for(lambda: "pages/s" in self.said("h2", job), what="the second's reading")
        else:
            self.assertEqual(self.wait("h2", second, job), soak.COMPLETE, self.said("h2", job))
        self.assertLess(len(before), 480)
        self.signal_all(first, signal.SIGCONT)

        self.assertEqual(self.wait("h1", first, job), 1, self.said("h1", job))
        self.assertIn("another job has taken the run over", self.said("h1", job))
        self.assertEqual(self.wait("h2", second, job), soak.COMPLETE, self.said("h2", job))
        self.check_whole(job, before)

    def check_whole(self, job, before):
        """The first may have committed pages after the second's end, in segments of its own: one more job binds them."""
        after = job.export("after")["pages.jsonl"]
        self.assertTrue(before)
        self.assertFalse([page for page in after if page["state"] != "ok"])
        self.assertNotEqual(pecia.run(0, "verify", job.run)[0], 1)
        status, output = pecia.run(0, "run", job.file)
        self.assertEqual(status, soak.COMPLETE, output)
        self.assertIn(" 0 are to be read", output)
        status, output = pecia.run(0, "verify", job.run)
        self.assertEqual(status, soak.COMPLETE, output)


if __name__ == "__main__":
    pecia.main()
