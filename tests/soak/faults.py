"""Faults in writing: no page that was told to be done is lost, no partial file is taken for a whole one."""

import dataclasses
import os
import random
import subprocess
import time

import soak
import pecia_process as pecia

SEGMENT, PART, INDEX = "path=run/journal/*.seg", "path=run/shards/*.h5.part", "path=run/corpus.h5*.part"
ENDS = (soak.COMPLETE, soak.UNFINISHED)
STALL_S = 13  # a heartbeat is 1 s, a rank is suspected after 5


@dataclasses.dataclass(frozen=True)
class Fault:
    what: str
    rules: str
    ends: tuple = ENDS
    says: str = ""     # in the log, where the run drained
    silent: tuple = ()  # what the log must not say


FAULTS = (
    Fault("no space in the journal", f"do=fail errno=ENOSPC on=write {SEGMENT} nth=90 count=all",
          (soak.UNFINISHED,), "No space left on device"),
    Fault("no quota in the journal, on one rank", f"do=fail errno=EDQUOT on=write {SEGMENT} nth=90 count=all rank=1",
          (soak.UNFINISHED,), "quota exceeded"),
    Fault("read-only after a remount", f"do=fail errno=EROFS on=create {SEGMENT} nth=6 count=all",
          (soak.UNFINISHED,), "Read-only file system"),
    Fault("I/O error in the journal", f"do=fail errno=EIO on=write {SEGMENT} nth=90 count=all",
          (soak.UNFINISHED,), "Input/output error"),
    Fault("a vanished mount", f"do=fail errno=ESTALE on=fsync {SEGMENT} nth=10 count=all;"
          "do=fail errno=ENOTCONN on=create path=run/* count=all nth=40", (soak.UNFINISHED,), "Stale file handle"),
    Fault("fsync of the journal fails once", f"do=fail errno=EIO on=fsync {SEGMENT} nth=10"),
    Fault("short writes in the journal", f"do=shorten bytes=11 on=write {SEGMENT} nth=5 count=60", (soak.COMPLETE,)),
    Fault("no space in a shard", f"do=fail errno=ENOSPC on=write {PART} nth=5 count=all",
          (soak.UNFINISHED,), "No space left on device"),
    Fault("I/O error once in a shard", f"do=fail errno=EIO on=write {PART} nth=5"),
    Fault("short writes in shards", f"do=shorten bytes=1000 on=write {PART} count=all", (soak.COMPLETE,)),
    Fault("fsync of a shard fails once", f"do=fail errno=EIO on=fsync {PART} nth=5"),
    Fault("a shard cannot be renamed once", "do=fail errno=EIO on=rename path=run/shards/*.h5 nth=5"),
    Fault("a shard cannot be made once", f"do=fail errno=EDQUOT on=create {PART} nth=5"),
    Fault("no space in corpus.h5", f"do=fail errno=ENOSPC on=write {INDEX} count=all",
          (soak.UNFINISHED,), "No space left on device"),
    Fault("short writes in corpus.h5", f"do=shorten bytes=1000 on=write {INDEX} count=all", (soak.COMPLETE,)),
    Fault("fsync of corpus.h5 fails", f"do=fail errno=EIO on=fsync {INDEX} count=all", (soak.UNFINISHED,)),
    Fault("corpus.h5 cannot be renamed", "do=fail errno=EACCES on=rename path=run/corpus.h5 count=all",
          (soak.UNFINISHED,)),
    Fault("status.json cannot be written", "do=fail errno=ENOSPC on=create path=run/status.json.* count=all",
          (soak.COMPLETE,)),
    Fault("a rank's file system stalls", f"do=stall seconds={STALL_S} on=fsync {SEGMENT} nth=2 rank=1",
          (soak.COMPLETE,), silent=("silent", "suspect", "dead", "not heard")),
    Fault("rank 0's file system stalls", f"do=stall seconds={STALL_S} on=fsync {SEGMENT} nth=2 rank=0",
          (soak.COMPLETE,), silent=("silent", "suspect", "dead", "not heard")),
    Fault("the clock jumps forward", f"do=clock seconds=36000 on=fsync {SEGMENT} nth=3", (soak.COMPLETE,),
          silent=("warning", "error")),
    Fault("the clock jumps back", f"do=clock seconds=-36000 on=fsync {SEGMENT} nth=3", (soak.COMPLETE,),
          silent=("warning", "error")),
)


class FaultsTest(pecia.Case):
    @classmethod
    def setUpClass(cls):
        cls.case = cls("run")
        cls.case.setUp()
        cls.addClassCleanup(cls.case.doCleanups)
        cls.trace = soak.write_trace(cls.case.folder / "trace.tsv", 12, 40, 0.02)
        job = soak.Job(cls.case.folder / "quiet", **soak.replay_settings(cls.trace))
        assert job.wait(job.start(2)) == soak.COMPLETE, job.output()
        cls.expected = job.export("exported")

    def test_faults(self):
        for fault, future in soak.at_once(FAULTS, self.one):
            with self.subTest(fault.what):
                future.result()

    def one(self, fault):
        job = soak.Job(self.folder / str(FAULTS.index(fault)), **soak.replay_settings(self.trace))
        status = job.wait(job.start(2, fault.rules))
        output, told = job.output(), job.told()
        self.assertTrue(job.fired(), output)
        self.assertIn(status, fault.ends, output)
        if status == soak.UNFINISHED:
            self.assertIn(fault.says, output)
        for word in fault.silent:
            self.assertNotIn(word, output)
        self.assertNotEqual(pecia.run(0, "verify", job.run)[0], 1, "damaged")
        if status == soak.COMPLETE:
            soak.check_whole(self, job, self.expected, soak.COMPLETE)
        else:
            soak.check_resumed(self, job, random.Random(1), self.expected, told)
        print(f"  {fault.what}: status {status}, {told} told", flush=True)

    # A real file system that fills.

    def small_disk(self, **store):
        if os.geteuid() != 0:
            self.skipTest("mounting a tmpfs needs root")
        job = soak.Job(self.folder / "small", **soak.replay_settings(self.trace, **store))
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", job.disk]).returncode != 0:
            self.skipTest("a tmpfs cannot be mounted here")
        self.addCleanup(subprocess.run, ["umount", job.disk], check=True)
        self.fill(job, left_bytes=300_000)
        return job

    def fill(self, job, left_bytes):
        free = os.statvfs(job.disk)
        (job.disk / "ballast").write_bytes(bytes(free.f_bavail * free.f_frsize - left_bytes))

    def test_a_full_disk_drains_and_goes_on_with_more_room(self):
        job = self.small_disk()
        status = job.wait(job.start(2))
        self.assertEqual(status, soak.UNFINISHED, job.output())
        self.assertRegex(job.output(), r"No space left on device[^\n]*\d+ [KMG]i?B")
        self.assertLess(len(job.committed()), len(self.expected["pages.jsonl"]))
        told = job.told()
        (job.disk / "ballast").unlink()
        soak.check_resumed(self, job, random.Random(1), self.expected, told)

    def test_a_full_disk_is_waited_for(self):
        job = self.small_disk(on_full="wait")
        process = job.start(2)
        self.addCleanup(soak.kill_session, process)
        self.wait_for(lambda: "No space left on device" in job.output(), what="a full disk")
        time.sleep(1)
        self.assertIsNone(process.poll(), job.output())
        (job.disk / "ballast").unlink()
        self.assertEqual(job.wait(process), soak.COMPLETE, job.output())
        soak.check_whole(self, job, self.expected, soak.COMPLETE)


if __name__ == "__main__":
    pecia.main()
