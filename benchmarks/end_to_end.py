"""The same pages on the same two cores: pecia, `parallel -j 2 tesseract` on extracted images, `ocrmypdf -j 2`."""

import os
import shutil

import bench

CORES = 2
BOOKS = {"colour JPEG book": ("pdf/g17_bpt6k1110784.pdf", "fra", 20),
         "1-bit CCITT book": ("pdf/g18_bpt6k70173w.pdf", "fra", 20)}


class Contest:
    """Runs every contestant on one book, interleaved, each in a fresh folder."""

    def __init__(self, b, pdf, language):
        self.b, self.pdf, self.language = b, pdf, language
        self.runs = {}

    def once(self, name, contestant):
        folder = self.b.folder / "work"
        folder.mkdir()
        self.runs.setdefault(name, []).append(contestant(folder))
        shutil.rmtree(folder)

    def pecia(self, ranks, workers):
        def contestant(folder):
            job = bench.write_job(folder / "job.yaml", corpus={"root": str(self.pdf)}, run=str(folder / "run"),
                                  engine={"name": "tesseract", "languages": [self.language], "threads": workers})
            launcher = bench.mpirun(ranks) if ranks > 1 else []
            return bench.measure([*launcher, bench.BIN / "pecia", "run", job], env=bench.pecia_environment())
        return contestant

    def parallel(self, folder):
        script = (f"pdfimages -all '{self.pdf}' {folder}/page && "
                  f"ls {folder}/page-* | parallel -j {CORES} tesseract {{}} {{}} -l {self.language} --psm 3")
        if self.pdf.name.startswith("g18"):  # -all leaves CCITT as a bare stream that tesseract cannot read
            script = script.replace("-all", "-tiff")
        return bench.measure(["bash", "-c", script], env=dict(os.environ, OMP_THREAD_LIMIT="1"))

    def ocrmypdf(self, folder):
        return bench.measure(["ocrmypdf", "-j", CORES, "-l", self.language, "--output-type", "pdf", "-q",
                              self.pdf, folder / "out.pdf"], env=dict(os.environ, OMP_THREAD_LIMIT="1"))


def report(b, book, pages, runs):
    rate = {name: pages / bench.median(times, "wall_s") for name, times in runs.items()}
    for name, times in runs.items():
        b.case(f"{book}: {name}: CPU", "s", bench.median(times, "cpu_s"))
        b.case(f"{book}: {name}: peak memory", "MiB", bench.median(times, "peak_bytes") / 2**20)
    best = "pecia, 2 ranks x 1 worker"
    for name in runs:
        if name != best:
            b.case(f"{book}: {best}", "pages/s", rate[best], name, rate[name])


def main():
    b = bench.Benchmark("end_to_end", __doc__)
    b.need_corpus()
    for tool in "parallel", "pdfimages", "tesseract", "ocrmypdf":
        if not shutil.which(tool):
            b.finish(note=f"not measured: {tool} is not installed")
            return
    books = dict(list(BOOKS.items())[1:]) if b.options.quick else BOOKS
    for book, (path, language, pages) in books.items():
        contest = Contest(b, b.options.corpus / path, language)
        for repetition in range(b.options.repetitions or (1 if b.options.quick else 5)):
            contest.once("pecia, 2 ranks x 1 worker", contest.pecia(2, 1))
            contest.once("pecia, 1 rank x 2 workers", contest.pecia(1, 2))
            if repetition < 3:
                contest.once("parallel -j 2 tesseract", contest.parallel)
                contest.once("ocrmypdf -j 2", contest.ocrmypdf)
        report(b, book, pages, contest.runs)
    b.finish()


if __name__ == "__main__":
    main()
