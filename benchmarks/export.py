"""What exporting costs: all text formats, Markdown of a large run, a document of many pages, a page's text, a search."""

import csv
import pathlib
import resource
import shutil
import statistics
import subprocess
import time

import bench

HELPER = bench.BIN / "bench_store_pages"
PECIA = bench.BIN / "pecia"
MILLION = 1_000_000
DOCUMENT_PAGES = 1000
ASKED_S, ASKED_MIB = 15 * 60, 1024  # of a million pages as Markdown, on 2 cores
TESSERACT_SHARE = 1 / 20            # of the CPU seconds that reading took


class Export:
    def __init__(self):
        def add_options(parser):
            parser.add_argument("--pages", type=int, help="of the large run (100,000)")
            parser.add_argument("--run", type=pathlib.Path, metavar="RUN", help="export this finished run, too, against the seconds recorded in it")

        self.b = bench.Benchmark("export", __doc__, add_options)
        self.quick = self.b.options.quick
        self.repetitions = self.b.options.repetitions or (1 if self.quick else 3)

    # ---- made runs

    def make(self, name, documents, pages):
        """A run of so many documents with dense pages, sealed, and its job."""
        folder = self.b.folder / name
        run, corpus = folder / "run", folder / "corpus"
        folder.mkdir()
        shards = max(1, documents * pages // 4000)
        parts = [subprocess.Popen([HELPER, "make", run, corpus, *map(str, (documents, pages, shards, n, 2))], stdout=subprocess.DEVNULL)
                 for n in range(2)]
        if any(part.wait() != 0 for part in parts):
            raise SystemExit("the run could not be made")
        return run, bench.write_job(folder / "job.yaml", run=str(run), corpus={"root": str(corpus)}, engine={"name": "echo", "threads": 1})

    def export(self, run, formats, *options):
        """Figures of one export to an empty folder, and what it wrote."""
        out = self.b.folder / "out"
        command = [PECIA, "export", run, "--format", formats, "--out", out, "--jobs", "2", *options]
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        log = self.b.folder / "log.txt"
        with log.open("w") as output:
            process = subprocess.Popen(list(map(str, command)), stdout=output, stderr=output, env=bench.pecia_environment())
            most = 0
            while process.poll() is None:
                most = max(most, bench.peak_bytes(process.pid))
                time.sleep(0.01)
        if process.returncode not in (0, 3):
            raise SystemExit(f"{command} ended with {process.returncode}:\n{log.read_text()[-3000:]}")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        written = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
        shutil.rmtree(out)
        return {"wall_s": time.perf_counter() - began, "peak_bytes": most, "bytes": written,
                "cpu_s": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime}

    def formats_of(self, run):
        """Those that need no documents, as an error names them."""
        refusal = subprocess.run([PECIA, "export", run, "--format", "none", "--out", self.b.folder / "none"], capture_output=True, text=True,
                                 env=bench.pecia_environment()).stderr
        return [name for name in refusal.rsplit("Formats: ", 1)[1].strip().split(", ") if name != "pdf"]

    # ---- cases

    def all_formats(self):
        documents, of_each = 10, 30 if self.quick else 100
        pages = documents * of_each
        run, job = self.make("formats", documents, of_each)
        formats = self.formats_of(run)
        name = f"{pages} pages, 300 words each"
        for chosen in (*formats, ",".join(formats)):
            runs = [self.export(run, chosen) for _ in range(self.repetitions)]
            what = chosen if chosen in formats else "all of them"
            self.b.case(f"{name}: {what}: CPU", "ms/page", 1000 * bench.median(runs, "cpu_s") / pages)
            self.b.case(f"{name}: {what}: written", "bytes/page", bench.median(runs, "bytes") / pages)
        self.one_page(run, job)

    def one_page(self, run, job):
        """A page's text from corpus.h5, which a job that has nothing left to read writes."""
        subprocess.run([PECIA, "run", job], check=True, capture_output=True, env=bench.pecia_environment())
        times = []
        for n in range(20):
            began = time.perf_counter()
            subprocess.run([PECIA, "text", run, f"document 00000{n % 10}.pdf", str(n + 1)], check=True, capture_output=True, env=bench.pecia_environment())
            times.append(time.perf_counter() - began)
        self.b.case("text of one page, the program's start included", "ms", 1000 * statistics.median(times))

    def large(self):
        pages = self.b.options.pages or (5_000 if self.quick else 100_000)
        run, _ = self.make("large", pages // DOCUMENT_PAGES, DOCUMENT_PAGES)
        many = self.export(run, "md")
        name = f"Markdown of {pages} pages, 2 threads that write"
        self.b.case(f"{name}: pages in a second", "pages/s", pages / many["wall_s"])
        self.b.case(f"{name}: CPU", "ms/page", 1000 * many["cpu_s"] / pages)
        self.b.case(f"{name}: memory, the most", "MiB", many["peak_bytes"] / 2**20)
        self.b.case("a million pages, by these: wall time", "s", MILLION * many["wall_s"] / pages, "asked", ASKED_S)
        self.b.case("a million pages, by these: CPU over 2 cores", "s", MILLION * many["cpu_s"] / pages / 2, "asked", ASKED_S)
        # What a run's pages take that are not being written: one document alone of this run, and of one of a tenth of its pages.
        part, _ = self.make("part", max(1, pages // DOCUMENT_PAGES // 10), DOCUMENT_PAGES)
        of_part, of_run = (self.export(each, "md", "--documents", "document 000000.pdf")["peak_bytes"] for each in (part, run))
        grown = (of_run - of_part) / (pages - pages // 10)
        self.b.case("memory for each page of the run that is not being written", "bytes", grown)
        self.b.case("a million pages, by these: memory, the most", "MiB", (many["peak_bytes"] + grown * (MILLION - pages)) / 2**20, "asked", ASKED_MIB)
        found = bench.measure([PECIA, "find", run, "zzzzzz"], env=bench.pecia_environment(), good=(0, 1))
        self.b.case("find, nothing found: CPU", "ms/page", 1000 * found["cpu_s"] / pages)

    def one_document(self):
        pages = 1000 if self.quick else 20_000
        figures = self.export(self.make("one", 1, pages)[0], "md")
        self.b.case(f"one document of {pages} pages as Markdown: CPU", "s", figures["cpu_s"])
        self.b.case(f"one document of {pages} pages as Markdown: memory, the most", "MiB", figures["peak_bytes"] / 2**20, "asked", ASKED_MIB)

    def finished_run(self, run):
        """Against the seconds that were recorded with its pages; with a worker on each core they are nearly CPU seconds."""
        trace = self.b.folder / "trace.tsv"
        subprocess.run([PECIA, "report", run, "--trace", trace], check=True, capture_output=True, env=bench.pecia_environment())
        with trace.open(encoding="utf-8", newline="") as lines:
            seconds = [float(row["seconds"]) for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)]
        formats = self.formats_of(run)
        runs = [self.export(run, ",".join(formats)) for _ in range(self.repetitions)]
        self.b.case(f"{run.name}, {len(seconds)} pages, as {', '.join(formats)}: CPU", "s", bench.median(runs, "cpu_s"),
                    "a twentieth of the seconds of reading", TESSERACT_SHARE * sum(seconds))

    def all(self):
        if not HELPER.exists():
            return self.b.finish(note="not measured: built without SQLite (libsqlite3-dev)")
        try:
            self.all_formats()
            self.large()
            self.one_document()
            if self.b.options.run:
                self.finished_run(self.b.options.run)
        finally:
            self.b.finish()


if __name__ == "__main__":
    Export().all()
