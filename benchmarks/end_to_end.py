"""The same pages on the same two cores: pecia, `parallel -j 2 tesseract` on extracted images, `ocrmypdf -j 2`."""

import os
import shutil

import bench

CORES = 2
PAGES = 20  # of a book
COPIES = 3  # of the book, one file each: enough work that starting MPI is no large part of it
# The corpus has colour scans of old French prints, with ICC profiles, and no PDF of them: one is made.
COLOUR_SCANS = ["g17_bpt6k1512176r_f24", "g18_bpt6k6495917k_bpt6k6495917k_f15", "g18_bpt6k6495917k_bpt6k6495917k_f21",
                "g18_bpt6k6495917k_bpt6k6495917k_f23", "g18_btv1b8613380t_btv1b8613380t_f18"]
GRAY_BOOK, CCITT_BOOK = "pdf/g17_bpt6k1110784.pdf", "pdf/g18_bpt6k70173w.pdf"


def make_colour_book(b):
    """The scans, each four times, wrapped as a PDF without loss."""
    import img2pdf  # ocrmypdf needs it, too

    scans = [str(b.options.corpus / "scans" / f"{name}.jpg") for name in COLOUR_SCANS]
    book = b.folder / "colour.pdf"
    book.write_bytes(img2pdf.convert(scans * (PAGES // len(scans))))
    return book


class Contest:
    """Runs every contestant on one book, interleaved, each in a fresh folder."""

    def __init__(self, b, pdf, language="fra"):
        self.b, self.language = b, language
        self.runs = {}
        self.bilevel = pdf.match(CCITT_BOOK)
        self.books = b.folder / "books"
        shutil.rmtree(self.books, ignore_errors=True)
        self.books.mkdir()
        for number in range(1 if b.options.quick else COPIES):
            shutil.copyfile(pdf, self.books / f"book-{number}.pdf")

    @property
    def pages(self):
        return PAGES * len(list(self.books.iterdir()))

    def once(self, name, contestant):
        folder = self.b.folder / "work"
        folder.mkdir()
        self.runs.setdefault(name, []).append(contestant(folder))
        shutil.rmtree(folder)

    def pecia(self, ranks, workers):
        def contestant(folder):
            job = bench.write_job(folder / "job.yaml", corpus={"root": str(self.books)}, run=str(folder / "run"),
                                  engine={"name": "tesseract", "languages": [self.language], "threads": workers})
            launcher = bench.mpirun(ranks) if ranks > 1 else []
            return bench.measure([*launcher, bench.BIN / "pecia", "run", job], env=bench.pecia_environment())
        return contestant

    def parallel(self, folder):
        coding = "-tiff" if self.bilevel else "-all"  # -all leaves CCITT as a bare stream that tesseract cannot read
        script = (f"for book in {self.books}/*; do pdfimages {coding} $book {folder}/page-$(basename $book) || exit; done; "
                  f"ls {folder}/page-* | parallel -j {CORES} tesseract {{}} {{}} -l {self.language} --psm 3")
        return bench.measure(["bash", "-c", script], env=dict(os.environ, OMP_THREAD_LIMIT="1"))

    def ocrmypdf(self, folder):
        script = (f"for book in {self.books}/*; do ocrmypdf -j {CORES} -l {self.language} --output-type pdf -q "
                  f"$book {folder}/$(basename $book) || exit; done")
        return bench.measure(["bash", "-c", script], env=dict(os.environ, OMP_THREAD_LIMIT="1"))


def report(b, book, contest):
    runs = contest.runs
    rate = {name: contest.pages / bench.median(times, "wall_s") for name, times in runs.items()}
    for name, times in runs.items():
        b.case(f"{book}: {name}: CPU", "s", bench.median(times, "cpu_s"))
        b.case(f"{book}: {name}: peak memory", "MiB", bench.median(times, "peak_bytes") / 2**20)
    for mine in (name for name in runs if name.startswith("pecia")):
        for other in (name for name in runs if name != mine):
            b.case(f"{book}: {mine}", "pages/s", rate[mine], other, rate[other])


def main():
    b = bench.Benchmark("end_to_end", __doc__)
    b.need_corpus()
    for tool in "parallel", "pdfimages", "tesseract", "ocrmypdf":
        if not shutil.which(tool):
            b.finish(note=f"not measured: {tool} is not installed")
            return
    books = {"1-bit CCITT book": b.options.corpus / CCITT_BOOK}
    if not b.options.quick:
        books |= {"colour JPEG book": make_colour_book(b), "gray JPEG book": b.options.corpus / GRAY_BOOK}
    for book, pdf in books.items():
        contest = Contest(b, pdf)
        for repetition in range(b.options.repetitions or (1 if b.options.quick else 5)):
            contest.once("pecia, 2 ranks x 1 worker", contest.pecia(2, 1))
            contest.once("pecia, 1 rank x 2 workers", contest.pecia(1, 2))
            if repetition < 3:
                contest.once("parallel -j 2 tesseract", contest.parallel)
                contest.once("ocrmypdf -j 2", contest.ocrmypdf)
        report(b, f"{book}, {contest.pages} pages", contest)
    b.finish()


if __name__ == "__main__":
    main()
