"""The damage matrix: whatever becomes of a file of a run, verify --deep says so, --repair and the next run put it
right, and the exports are those of an undamaged run. PECIA_DAMAGE_CELL=shard-flip runs one cell."""

import concurrent.futures
import os
import re
import shutil
import signal
import time

import pecia_process as pecia

NOTES = pecia.DATA / "system" / "corpus" / "loose"
FIRST, ALL = 8, 64  # documents of a page each
AT_ONCE = 4
COMPLETE, DAMAGED, UNFINISHED = 0, 1, 75
# What nobody can tell from a sound file of the same kind, or what is no file of the run: the next job writes it anew.
NOT_TOLD = {"index-erase", "index-older", "run_yaml-erase", "run_yaml-older", "run_yaml-duplicate", "lock-erase", "lock-older",
            "lock-duplicate", "cost_model-erase", "cost_model-older", "cost_model-duplicate"}


class Bases:
    """An undamaged run: after its first job, drained in its second, and complete."""

    def __init__(self, folder):
        self.folder, self.corpus = folder, folder / "corpus"
        self.corpus.mkdir()
        self.run_folder = folder / "run"  # where every cell's run was when it was made
        self.job = pecia.write_job(folder, self.corpus, engine={"name": "echo", "threads": 1},
                                   store={"sync": "page", "shard_pages": 8})
        self.add_documents(0, FIRST)
        self.read(COMPLETE)
        self.learn_costs(pages=20)
        self.older = self.keep("older")
        self.add_documents(FIRST, ALL)
        self.lock = self.drain()
        self.drained = self.keep("drained")
        self.read(COMPLETE)
        self.learn_costs(pages=30)
        self.complete = self.keep("complete")
        self.expected = pecia.export(self.complete, folder / "expected")

    def add_documents(self, begin, end):
        for number in range(begin, end):
            shutil.copy(NOTES / f"note {number % 4}.png", self.corpus / f"{number:03}.png")

    def read(self, status):
        result, output = pecia.run(0, "run", self.job)
        assert result == status, output

    def learn_costs(self, pages):
        """A cost model as of a run whose engine takes time: echo takes none, and leaves none."""
        folder = self.folder / f"costs{pages}"
        folder.mkdir()
        rows = [f"a.pdf\t{page}\t{0.01 + page % 3 * 0.005}\t{900 + page}" for page in range(1, pages)]
        (folder / "trace.tsv").write_text("\n".join(["path\tpage\tseconds\twidth_px", *rows, ""]))
        job = pecia.write_job(folder, {"trace": str(folder / "trace.tsv")}, engine={"name": "replay", "threads": 2})
        status, output = pecia.run(0, "run", job)
        assert status == COMPLETE, output
        shutil.copy(folder / "run" / "cost_model.json", self.run_folder)

    def drain(self):
        """Stops the second job when it has sealed a shard and begun the next segment; returns its lock.

        Pages go on until the stop is taken, now and then to the end of a shard, or of the run: then once more.
        """
        for _ in range(20):
            process = pecia.start(0, "run", self.job, "--set", "progress_s=11")
            lock = ""
            while process.poll() is None:
                sealed = list(self.run_folder.glob("shards/000002-*.h5"))
                if sealed and list(self.run_folder.glob("journal/*.seg")):
                    lock = (self.run_folder / "lock.json").read_text()
                    process.send_signal(signal.SIGUSR1)
                    break
                time.sleep(0.005)
            output, _ = process.communicate(timeout=60)
            assert process.returncode in (UNFINISHED, COMPLETE), output
            if process.returncode == UNFINISHED and list(self.run_folder.glob("journal/*.seg")):
                return lock
            shutil.rmtree(self.run_folder)
            shutil.copytree(self.older, self.run_folder)
        raise AssertionError(f"no job of 20 was stopped within a shard; the last said:\n{output}")

    def keep(self, name):
        return shutil.copytree(self.run_folder, self.folder / name)


def newest(folder, pattern):
    return sorted(folder.glob(pattern))[-1]


class Kind:
    """A kind of file: in which base it is, the file itself, its older copy, and another name that would fit it."""

    def __init__(self, base, find, older, duplicate):
        self.base, self.find, self.older, self.duplicate = base, find, older, duplicate


def kinds(bases):
    def shard(run):
        return newest(run, "shards/000002-*.h5")

    def older_segment(run):
        contents = newest(run, "journal/*.seg").read_bytes()
        return contents[:len(contents) // 3]  # appended to only: an older copy is a shorter one

    older = bases.older
    return {
        "segment": Kind("drained", lambda run: newest(run, "journal/*.seg"), older_segment, "000002-00000-00077.seg"),
        "shard": Kind("complete", shard, lambda run: newest(older, "shards/*.h5").read_bytes(), "000002-00000-00077.h5"),
        "unbound_shard": Kind("drained", shard, lambda run: newest(older, "shards/*.h5").read_bytes(), "000002-00000-00077.h5"),
        "index": Kind("complete", lambda run: run / "corpus.h5", lambda run: (older / "corpus.h5").read_bytes(),
                      "shards/000002-00000-00077.h5"),
        "manifest": Kind("complete", lambda run: newest(run, "manifest/*.jsonl"),
                         lambda run: newest(older, "manifest/*.jsonl").read_bytes(), "000003.jsonl"),
        "run_yaml": Kind("complete", lambda run: run / "run.yaml", lambda run: (older / "run.yaml").read_bytes(), "run.yaml.1"),
        "lock": Kind("drained", lambda run: run / "lock.json", lambda run: bases.lock.encode(),
                     "lock.json.77.part"),
        "cost_model": Kind("complete", lambda run: run / "cost_model.json", lambda run: (older / "cost_model.json").read_bytes(),
                           "cost_model.json.77.part"),
    }


def sum_of(file):
    return file.with_name(file.name + ".sum")


def damage(kind, how, run):
    file = kind.find(run)
    contents = file.read_bytes()
    if how == "erase":
        file.unlink()
    elif how == "truncate":
        file.write_bytes(contents[:len(contents) // 2])
    elif how == "flip":
        at = 0 if file.name == "lock.json" else len(contents) // 2  # elsewhere it names another holder, who gets 60 s
        file.write_bytes(contents[:at] + bytes([contents[at] ^ 1]) + contents[at + 1:])
    elif how == "older":
        file.write_bytes(kind.older(run))
        if sum_of(file).exists() and file.suffix == ".h5" and file.parent.name == "shards":
            shutil.copy(newest(run, "shards/000001-*.sum"), sum_of(file))
    elif how == "duplicate":
        copy = run / kind.duplicate if "/" in kind.duplicate else file.with_name(kind.duplicate)
        shutil.copy(file, copy)
        if file.suffix == ".h5" and sum_of(file).exists():
            shutil.copy(sum_of(file), sum_of(copy))
    else:
        raise ValueError(how)
    return file


DAMAGES = ("erase", "truncate", "flip", "duplicate", "older")


def pending(output):
    return int(re.search(r"(\d+) pending", output)[1])


class DamageTest(pecia.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.addClassCleanup(shutil.rmtree, pecia.pathlib.Path(base := pecia.tempfile.mkdtemp(prefix="pecia-damage-")), True)
        cls.bases = Bases(pecia.pathlib.Path(base))
        cls.kinds = kinds(cls.bases)

    def verify(self, run, *options):
        status, output = pecia.run(0, "verify", *options, run)
        self.assertIn(status, (COMPLETE, DAMAGED, UNFINISHED), output)  # and not a signal
        return status, output

    def check(self, cell, how=None, repair=True, read=True):
        """One cell from damage to export; raises where anything was lost or not told."""
        name, usual = cell.rsplit("-", 1)
        kind = self.kinds[name]
        folder = self.folder / cell
        folder.mkdir()
        run = shutil.copytree(getattr(self.bases, kind.base), folder / "run")
        if name == "lock":
            (run / "lock.json").write_text(self.bases.lock)
        if (how or usual) != "none":
            damage(kind, how or usual, run)
        job = pecia.write_job(folder, self.bases.corpus, engine={"name": "echo", "threads": 1}, store={"shard_pages": 8})

        told, output = self.verify(run, "--deep")
        if cell not in NOT_TOLD:
            self.assertEqual(told, DAMAGED, output)
            self.assertEqual(self.verify(run)[0], DAMAGED, "without --deep")
        if repair:
            status, output = self.verify(run, "--repair")
            self.assertIn(status, (COMPLETE, UNFINISHED), output)
            again = self.verify(run, "--repair")
            self.assertEqual((again[0], "nothing to repair" in again[1]), (status, True), again[1])
        if read:
            lost = pending(output)
            status, log = pecia.run(0, "run", job)
            self.assertEqual(status, COMPLETE, log)
            if "lacks documents" not in output:
                self.assertEqual(int(re.search(r"of which (\d+) are to be read", log)[1]), lost, output + log)
        status, output = self.verify(run, "--deep")
        self.assertEqual(status, COMPLETE, output)
        self.assertEqual(pecia.export(run, folder / "out"), self.bases.expected)
        shutil.rmtree(folder)

    def test_every_damage_is_repaired_or_told(self):
        cells = [f"{kind}-{how}" for kind in self.kinds for how in DAMAGES]
        cells = [cell for cell in cells if cell == os.environ.get("PECIA_DAMAGE_CELL", cell)]
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            futures = {cell: pool.submit(self.check, cell) for cell in cells}
        for cell, future in futures.items():
            with self.subTest(cell=cell):
                future.result()

    def test_it_fails_where_nothing_was_damaged_and_damage_should_be_told(self):
        with self.assertRaises(AssertionError):
            self.check("shard-flip", how="none")

    def test_it_fails_without_repair(self):
        with self.assertRaises(AssertionError):
            self.check("shard-truncate", repair=False)

    def test_it_fails_where_lost_pages_are_not_read_again(self):
        with self.assertRaises(AssertionError):
            self.check("shard-erase", read=False)

    def test_it_fails_where_an_export_differs_in_one_text(self):
        different = dict(self.bases.expected)
        name = next(name for name in different if name.endswith(".txt"))
        different[name] += b" "
        self.bases.expected, kept = different, self.bases.expected
        self.addCleanup(setattr, self.bases, "expected", kept)
        with self.assertRaises(AssertionError):
            self.check("run_yaml-erase")

    def test_a_run_that_is_held_is_not_repaired(self):
        job = pecia.write_job(self.folder, self.bases.corpus, engine={"name": "echo", "threads": 1}, store={"sync": "page"})
        for _ in range(10):  # until one is stopped before its end
            shutil.rmtree(self.folder / "run", ignore_errors=True)
            run = shutil.copytree(self.bases.drained, self.folder / "run")
            before = len(list(run.glob("epoch/*")))
            process = pecia.start(0, "run", job)
            self.wait_for(lambda: len(list(run.glob("epoch/*"))) > before, what="the run's beginning")
            process.send_signal(signal.SIGSTOP)
            if process.poll() is None and (run / "lock.json").exists():
                break
            process.send_signal(signal.SIGCONT)
            process.communicate(timeout=60)
        try:
            status, output = pecia.run(0, "verify", "--repair", run)
        finally:
            process.send_signal(signal.SIGCONT)
        process.communicate(timeout=60)
        self.assertEqual(status, 2, output)
        self.assertIn(f"pid {process.pid}", output)


if __name__ == "__main__":
    pecia.main()
