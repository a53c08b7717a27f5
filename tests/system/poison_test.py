"""Pages that kill the rank that reads them, each time: found, given up, and no other page is blamed."""

import os
import signal
import struct
import unittest.mock

import pecia_process as pecia

PAGES = 24
POISON = 7
COMPLETE, COMPLETE_WITH_FAILURES = 0, 3
MOST_JOBS = 10
SEGMENT_HEADER, RECORD_HEADER = 28, struct.Struct("<IHI")  # docs/formats.md
OUTCOME, STARTED, RELEASED = 1, 2, 3
PAGE_AT = 12  # in a payload: document u64, revision u32, page u32


def in_flight(segment):
    """Pages of the one document that a rank has in hand, by its journal."""
    try:
        data = segment.read_bytes()
    except OSError:
        return set()
    pages, at = set(), SEGMENT_HEADER
    while at + RECORD_HEADER.size <= len(data):
        length, kind, _ = RECORD_HEADER.unpack_from(data, at)
        payload = data[at + RECORD_HEADER.size:at + RECORD_HEADER.size + length]
        at += RECORD_HEADER.size + length
        if len(payload) < length:
            break
        if kind == RELEASED:
            pages -= {struct.unpack_from("<I", payload, 4 + 16 * n + PAGE_AT)[0]
                      for n in range(struct.unpack_from("<I", payload)[0])}
        else:
            page = struct.unpack_from("<I", payload, PAGE_AT)[0]
            pages = pages | {page} if kind == STARTED else pages - {page}
    return pages


def rank_of(pid):
    try:
        with open(f"/proc/{pid}/environ", "rb") as environ:
            variables = dict(entry.split(b"=", 1) for entry in environ.read().split(b"\0") if b"=" in entry)
    except OSError:
        return None
    return int(variables.get(b"OMPI_COMM_WORLD_RANK", -1))


class PoisonTest(pecia.Case):
    def setUp(self):
        super().setUp()
        trace = self.folder / "trace.tsv"
        rows = "".join(f"book.pdf\t{page}\t{2 if page == POISON else 0.1}\n" for page in range(1, PAGES + 1))
        trace.write_text("path\tpage\tseconds\n" + rows, encoding="utf-8")
        self.job = pecia.write_job(self.folder, {"trace": str(trace)}, engine={"name": "replay"})
        self.run_folder = self.folder / "run"

    def newest_epoch(self):
        return max((int(epoch.name) for epoch in (self.run_folder / "epoch").glob("*")), default=0)

    def ranks_that_hold(self, page, epoch):
        return {int(segment.name.split("-")[1]) for segment in (self.run_folder / "journal").glob(f"{epoch:06}-*.seg")
                if page in in_flight(segment)}

    def one_job(self, kill):
        """Runs 2 ranks; once the poison page is in a rank's hands, calls kill(launcher, ranks)."""
        epoch = self.newest_epoch() + 1
        with open(self.folder / "log", "w", encoding="utf-8") as log:
            process = pecia.start(2, "run", self.job, stdout=log)
        self.wait_for(lambda: process.poll() is not None or self.ranks_that_hold(POISON, epoch), 120,
                      "an end, or the page")
        if process.poll() is None:
            kill(process, self.ranks_that_hold(POISON, epoch))
        process.wait(timeout=120)
        return process.returncode, (self.folder / "log").read_text(encoding="utf-8")

    @staticmethod
    def kill_the_rank(process, ranks):
        for pid in pecia.descendants(process.pid):
            if pecia.name_of(pid) == "pecia" and rank_of(pid) in ranks:
                pecia.end(pid)

    @staticmethod
    def kill_all(process, _):
        pids = [process.pid, *pecia.descendants(process.pid)]
        for pid in pids:
            pecia.end(pid, signal.SIGSTOP)
        for pid in pids:
            pecia.end(pid)

    def states(self):
        pages = pecia.export(self.run_folder, self.folder / "out")["pages.jsonl"]
        return {page["page"]: (page["state"], page.get("reason")) for page in pages}

    def test_a_page_that_kills_its_rank_every_time_is_given_up_and_all_others_are_read(self):
        logs = []
        for _ in range(MOST_JOBS):
            status, log = self.one_job(self.kill_the_rank)
            logs.append(log)
            if status == COMPLETE_WITH_FAILURES:
                break
        everything = "\n--- next job\n".join(logs)
        self.assertEqual(status, COMPLETE_WITH_FAILURES, everything)
        states = self.states()
        self.assertEqual(states.pop(POISON), ("failed", "poison"), everything)
        self.assertEqual(len(states), PAGES - 1)
        self.assertEqual({state for state, _ in states.values()}, {"ok"}, everything)
        self.assertEqual(pecia.run(0, "verify", self.run_folder)[0], COMPLETE_WITH_FAILURES)
        self.assertIn("read last, with no other page on the same rank: book.pdf page", everything)
        self.assertFalse((self.run_folder / "suspects.json").exists())

        status, output = pecia.run(2, "run", self.job, "--retry", "poison")
        self.assertEqual(status, COMPLETE, output)
        self.assertNotIn("may have killed", output)
        self.assertEqual(self.states()[POISON][0], "ok")

    def test_a_job_that_is_preempted_again_and_again_makes_no_page_poison(self):
        for restart in range(5):
            flags = [*pecia.MPI_FLAGS, "-x", "SLURM_JOB_ID=77", "-x", f"SLURM_RESTART_COUNT={restart}"]
            with unittest.mock.patch.object(pecia, "MPI_FLAGS", flags):
                status, log = self.one_job(self.kill_all)
            self.assertNotEqual(status, COMPLETE, log)
            self.assertNotIn("failed(poison)", log)
        status, output = pecia.run(2, "run", self.job)
        self.assertEqual(status, COMPLETE, output)
        self.assertEqual({state for state, _ in self.states().values()}, {"ok"})


if __name__ == "__main__":
    os.environ.pop("SLURM_JOB_ID", None)
    pecia.main()
