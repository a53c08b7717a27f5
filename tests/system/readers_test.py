"""Whoever looks at a run while it seals, joins and binds shards sees a sound run: h5py, status, verify, export."""

import h5py
import pecia_process as pecia

PAGES_PER_DOCUMENT = 20
MORE_THAN_SOURCES = 560  # shards of a page each, so that they are joined before corpus.h5 is bound


def write_trace(path, documents):
    path.write_text("path\tpage\tseconds\twidth_px\theight_px\n" + "".join(
        f"d{d:03}\t{page}\t0\t{100 + d}\t200\n" for d in range(documents) for page in range(1, PAGES_PER_DOCUMENT + 1)))


class ReadersTest(pecia.Case):
    def setUp(self):
        super().setUp()
        self.trace = self.folder / "trace.tsv"
        self.run_folder = self.folder / "run"
        self.job = pecia.write_job(self.folder, {"trace": str(self.trace)}, engine={"name": "echo", "threads": 1},
                                   store={"sync": "page", "shard_pages": 1})

    def look(self, looks):
        """Each reader once. What a reader sees may be any moment of the run, but a whole one."""
        for path in sorted(self.run_folder.glob("shards/*.h5"))[::40]:
            try:
                with h5py.File(path) as shard:
                    self.check_texts(shard)
            except OSError:  # joined by the job before, deleted by this one
                self.assertFalse(path.exists())
        if (self.run_folder / "corpus.h5").exists():
            with h5py.File(self.run_folder / "corpus.h5") as index:
                self.check_texts(index)
            looks["corpus.h5"] += 1
        self.check_programs()
        looks["all"] += 1

    def check_texts(self, file):
        rows, text = file["pages"][:], bytes(file["text"][:])
        self.assertGreater(len(rows), 0)
        for row in rows:  # a source that is missing would read as zeros
            self.assertRegex(text[row["text_begin"]:row["text_end"]], rb"\A\d+ x \d+ px\n\Z")

    def check_programs(self):
        status, output = pecia.run(0, "status", self.run_folder)
        self.assertEqual(status, 0, output)
        self.assertNotIn("damaged", output)
        status, output = pecia.run(0, "verify", self.run_folder)
        self.assertIn(status, (0, 75), output)
        status, output = pecia.run(0, "export", self.run_folder, "--format", "txt,jsonl", "--out", self.folder / "out")
        self.assertIn(status, (0, 3), output)
        self.assertNotIn("damaged", output)

    def read(self, documents, looks):
        """A job on so many documents, and readers until it ends."""
        write_trace(self.trace, documents)
        with (self.folder / "log.txt").open("w") as log:
            process = pecia.start(2, "run", self.job, stdout=log)
            self.wait_for((self.run_folder / "shards").is_dir, what="a run")
            while process.poll() is None:
                self.look(looks)
        output = (self.folder / "log.txt").read_text()
        self.assertEqual(process.returncode, 0, output)
        return output

    def test_readers_see_a_sound_run_at_any_time(self):
        looks = {"all": 0, "corpus.h5": 0}
        documents = MORE_THAN_SOURCES // PAGES_PER_DOCUMENT
        self.assertIn("small shards were joined", self.read(documents, looks))
        self.assertGreater(looks["all"], 0)
        # The second job deletes what was joined, writes more shards and replaces corpus.h5.
        looks["corpus.h5"] = 0
        self.assertIn("small shards were joined", self.read(2 * documents, looks))
        self.assertGreater(looks["corpus.h5"], 0)  # the first look at the second job, however long it takes
        self.assertEqual(pecia.run(0, "verify", self.run_folder)[0], 0)
        with h5py.File(self.run_folder / "corpus.h5") as index:
            self.assertEqual(len(index["pages"]), 2 * documents * PAGES_PER_DOCUMENT)
            self.assertLessEqual(len(index["shards"]), 512)


if __name__ == "__main__":
    pecia.main()
