"""What keeping results costs: journal and shards beside SQLite, many pages a second, and runs of a million pages."""

import json
import resource
import shutil
import statistics
import struct
import subprocess
import time
import zlib

import bench

HELPER = bench.BIN / "bench_store_pages"
PECIA = bench.BIN / "pecia"
SQLITE = {"sqlite-full": "SQLite, WAL, synchronous=FULL", "sqlite-normal": "SQLite, WAL, synchronous=NORMAL"}
PARTS = ["write", "echo", "large"]
OPEN_FILES = 1024
SYNC_INTERVAL_S = 2  # the default of a job


def helper(*words, **kwargs):
    process = subprocess.run([HELPER, *map(str, words)], capture_output=True, text=True, **kwargs)
    if process.returncode != 0:
        raise SystemExit(f"{HELPER.name} {words}: {process.stderr}")
    return json.loads(process.stdout)


def png(path):
    """A white page: all that is left to read of a large run."""
    side, raw = 64, (b"\0" + b"\xff" * 64) * 64
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)) +
                     chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b""))


class Store:
    def __init__(self):
        def add_options(parser):
            parser.add_argument("--part", action="append", choices=PARTS, help="only this (all)")
            parser.add_argument("--pages", type=int, help="of the large run (1,000,000)")

        self.b = bench.Benchmark("store", __doc__, add_options)
        self.quick = self.b.options.quick
        self.parts = self.b.options.part or PARTS
        self.repetitions = self.b.options.repetitions or (1 if self.quick else 5)

    # ---- journal and shards beside a Tesseract run, and beside SQLite

    def tesseract(self):
        """The sample archive, read by Tesseract."""
        run = self.b.folder / "tesseract"
        rest = ["--set", "corpus.include=reports/**"] if self.quick else []
        figures = bench.measure([PECIA, "run", bench.SOURCE / "jobs" / "sample.yaml", "--set", f"run={run}", *rest],
                                env=bench.pecia_environment(), good=(0, 3))
        status = json.loads((run / "status.json").read_text("utf-8"))
        return run, figures, status["done"]

    def write(self):
        run, read, done = self.tesseract()
        page_s = read["wall_s"] / done
        batch = max(1, round(SYNC_INTERVAL_S / page_s))
        self.b.case("Tesseract run: wall time", "s/page", page_s)
        runs = self.compared(("outcomes of the Tesseract run", 200 if self.quick else 2000, batch, run))
        pecia = statistics.median(each["wall_s"] / each["pages"] for each in runs["pecia"])
        self.b.case("journal and shards: share of the wall time of the Tesseract run", "ratio", pecia / page_s)
        # As many as are committed in an interval where pages take no time.
        self.compared(("dense pages, 300 words", 500 if self.quick else 20_000, 1000, ""))

    def compared(self, what):
        """The same outcomes through the store and through SQLite, in turn."""
        name, pages, batch, run = what
        runs = {how: [] for how in ("pecia", *SQLITE)}
        for _ in range(self.repetitions):
            for how, results in runs.items():
                folder = self.b.folder / "written"
                results.append({**helper("write", how, folder, pages, batch, *([run] if run else [])), "pages": pages})
                shutil.rmtree(folder)
        for key, unit, scale in (("cpu_s", "ms/page", 1000), ("wall_s", "ms/page", 1000), ("bytes", "bytes/page", 1)):
            value = {how: scale * bench.median(results, key) / pages for how, results in runs.items()}
            for other, words in SQLITE.items():
                self.b.case(f"{name}, committed each {batch}: {key.removesuffix('_s')}", unit, value["pecia"], words, value[other])
        return runs

    # ---- pages that take no time

    def echo(self):
        documents, pages = (20, 1000) if self.quick else (200, 1000)
        trace = self.b.folder / "trace.tsv"
        trace.write_text("path\tpage\tseconds\n" + "".join(f"d{d:04}\t{p}\t0\n" for d in range(documents) for p in range(1, pages + 1)),
                         encoding="utf-8")
        speeds, cpu = [], []
        for n in range(self.repetitions):
            run = self.b.folder / f"echo{n}"
            job = bench.write_job(self.b.folder / "echo.yaml", run=str(run), corpus={"trace": str(trace)}, engine={"name": "echo", "threads": 1})
            figures = bench.measure([*bench.mpirun(2), PECIA, "run", job], env=bench.pecia_environment())
            status = json.loads((run / "status.json").read_text("utf-8"))
            speeds.append(documents * pages / status["schedule"]["makespan_s"])
            cpu.append(1000 * figures["cpu_s"] / (documents * pages))
            shutil.rmtree(run)
        self.b.case("echo, 2 ranks", "pages/s", statistics.median(speeds))
        self.b.case("echo, 2 ranks: CPU of all processes, start and end included", "ms/page", statistics.median(cpu))

    # ---- a run of many pages

    def make(self, folder, pages):
        run, corpus = folder / "run", folder / "corpus"
        documents = max(1, pages // 1000)
        shards = max(2, pages // 4000)
        parts = [subprocess.Popen([HELPER, "make", run, corpus, *map(str, (documents, pages // documents, shards, n, 2))],
                                  stdout=subprocess.DEVNULL) for n in range(2)]
        if any(part.wait() != 0 for part in parts):
            raise SystemExit("the large run could not be made")
        png(corpus / "last.png")
        return run, bench.write_job(folder / "job.yaml", run=str(run), corpus={"root": str(corpus)}, engine={"name": "echo", "threads": 1})

    def resume(self, run, job):
        """Until the journal has its first page; then on to corpus.h5. Memory of rank 0 until then, and in all."""
        before, began = set(run.glob("journal/*.seg")), time.perf_counter()
        with (self.b.folder / "log.txt").open("w") as log:
            process = subprocess.Popen([PECIA, "run", job], stdout=log, stderr=log, env=bench.pecia_environment())
            first_s = first_bytes = most = None
            while process.poll() is None:
                most = max(most or 0, bench.peak_bytes(process.pid))
                if first_s is None and set(run.glob("journal/*.seg")) != before:
                    first_s, first_bytes = time.perf_counter() - began, most
                time.sleep(0.01)
        if process.returncode != 0:
            raise SystemExit(f"the run did not go on:\n{(self.b.folder / 'log.txt').read_text()[-3000:]}")
        if first_s is None:  # its segment came and went between two looks
            first_s, first_bytes = time.perf_counter() - began, most or 0
        return {"first_s": first_s, "first_bytes": first_bytes, "end_s": time.perf_counter() - began, "most_bytes": most}

    def timed(self, *command, good=(0,)):
        runs = [bench.measure([PECIA, *command], env=bench.pecia_environment(), good=good) for _ in range(min(3, self.repetitions))]
        return {key: bench.median(runs, key) for key in runs[0]}

    def large(self):
        pages = self.b.options.pages or (20_000 if self.quick else 1_000_000)
        folder = self.b.folder / "large"
        folder.mkdir()
        run, job = self.make(folder, pages)
        name = f"{pages} pages, 300 words each"
        self.b.case(f"{name}: bytes of shards", "bytes/page", sum(f.stat().st_size for f in run.glob("shards/*.h5")) / pages)
        resumed = self.resume(run, job)
        self.b.case(f"{name}: resume until the first page is committed", "s", resumed["first_s"])
        self.b.case(f"{name}: memory of rank 0 until then", "MiB", resumed["first_bytes"] / 2**20)
        self.b.case(f"{name}: resume until corpus.h5 is bound", "s", resumed["end_s"])
        self.b.case(f"{name}: memory of rank 0, the most", "MiB", resumed["most_bytes"] / 2**20)
        for verb in ("verify", "status"):
            figures = self.timed(verb, run)
            self.b.case(f"{name}: {verb}", "s", figures["wall_s"])
            self.b.case(f"{name}: {verb}: CPU", "s", figures["cpu_s"])
            self.b.case(f"{name}: {verb}: memory", "MiB", figures["peak_bytes"] / 2**20)
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        read = helper("read", run, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, hard)))
        self.b.case(f"{name}: texts through corpus.h5 that differ, {OPEN_FILES} open files at most", "texts", read["differ"])
        self.b.case(f"{name}: reading all text through corpus.h5", "s", read["wall_s"])
        if read["texts"] != pages + 1 or read["differ"]:
            raise SystemExit(f"corpus.h5 does not have all text: {read}")

    def all(self):
        if not HELPER.exists():
            return self.b.finish(note="not measured: built without SQLite (libsqlite3-dev)")
        try:
            for part in self.parts:
                getattr(self, part)()
        finally:
            self.b.finish()


if __name__ == "__main__":
    Store().all()
