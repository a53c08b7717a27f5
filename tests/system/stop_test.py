"""How a run is stopped: within the grace, at once, before it has begun; nothing is lost, and it says what is left."""

import os
import pathlib
import signal
import time

import pecia_process as pecia

UNFINISHED = 75
LEFT = r"(?s)unfinished: .* (\d+) left.*run the same command again to go on: about \d.* left"


def catches(pid, number):
    """Whether the process has a handler for the signal: proc_pid_status(5)."""
    caught = [line.split()[1] for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("SigCgt:")]
    return bool(caught) and bool(int(caught[0], 16) >> number - 1 & 1)


class StopTest(pecia.Case):
    def job(self, seconds, **settings):
        """A corpus of pages that take so long, by replay."""
        trace = self.folder / "trace.tsv"
        rows = "".join(f"book.pdf\t{page}\t{taken}\n" for page, taken in enumerate(seconds, 1))
        trace.write_text("path\tpage\tseconds\n" + rows, encoding="utf-8")
        return pecia.write_job(self.folder, {"trace": str(trace)}, engine={"name": "replay"}, **settings)

    def start_reading(self, ranks, job, records_bytes=1):
        process = pecia.start(ranks, "run", job)
        journal = self.folder / "run" / "journal"
        self.wait_for(lambda: journal.is_dir() and any(f.stat().st_size > records_bytes for f in journal.iterdir()),
                      what="a journal")
        return process

    def expect_sound(self):
        self.assertEqual(pecia.run(0, "verify", self.folder / "run")[0], UNFINISHED)
        status, output = pecia.run(0, "run", self.job([600] * 4), "--dry-run")
        self.assertEqual(status, 0, output)
        self.assertNotIn("may have killed", output)

    def test_pages_that_take_longer_than_the_grace_are_given_back(self):
        for ranks in 0, 2:
            process = self.start_reading(ranks, self.job([600] * 4, drain={"grace_s": 1}))
            os.kill(process.pid, signal.SIGUSR1)
            output, _ = process.communicate(timeout=100)
            self.assertEqual(process.returncode, UNFINISHED, output)
            self.assertRegex(output, LEFT)
            self.assertNotIn("asked twice", output)
            self.expect_sound()

    def test_asked_twice_it_does_not_wait_for_the_grace(self):
        process = self.start_reading(0, self.job([600] * 4, drain={"grace_s": 600}))
        os.kill(process.pid, signal.SIGINT)
        time.sleep(0.5)  # within 0.2 s it counts as one
        os.kill(process.pid, signal.SIGINT)
        output, _ = process.communicate(timeout=100)
        self.assertEqual(process.returncode, UNFINISHED, output)
        self.assertRegex(output, LEFT)
        self.assertIn("asked twice", output)
        self.expect_sound()

    def test_asked_twice_while_files_are_listed_it_ends_though_the_file_system_hangs(self):
        listed = self.folder / "list"
        os.mkfifo(listed)
        job = pecia.write_job(self.folder, {"root": str(self.folder), "list": str(listed)})
        process = pecia.start(0, "run", job)
        with open(listed, "w", encoding="utf-8"):  # it reads from here on, and never gets to the end
            time.sleep(0.3)
            os.kill(process.pid, signal.SIGINT)
            time.sleep(0.5)
            self.assertIsNone(process.poll())
            os.kill(process.pid, signal.SIGINT)
            output, _ = process.communicate(timeout=60)
        self.assertEqual(process.returncode, -signal.SIGINT, output)

    def test_a_signal_while_it_starts_drains(self):
        """As batch scripts start it: USR1 is ignored until there is a handler."""
        job = self.job([600] * 4, drain={"grace_s": 0})
        for after_s in 0, 0.02, 0.05, 0.1, 0.2, 0.4:
            process = pecia.start(0, "run", job, preexec_fn=lambda: signal.signal(signal.SIGUSR1, signal.SIG_IGN))
            time.sleep(after_s)
            os.kill(process.pid, signal.SIGUSR1)
            self.wait_for(lambda: process.poll() is not None or catches(process.pid, signal.SIGUSR1), what="the handler")
            if process.poll() is None:
                os.kill(process.pid, signal.SIGUSR1)  # the first one came before the handler, perhaps
            output, _ = process.communicate(timeout=100)
            self.assertEqual(process.returncode, UNFINISHED, output)
            self.assertRegex(output, r"\b4 (pages )?left")
        self.expect_sound()


if __name__ == "__main__":
    pecia.main()
