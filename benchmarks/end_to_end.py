"""The same pages on the same two cores: pecia, `parallel -j 2 tesseract` on extracted images, `ocrmypdf -j 2`."""

import json
import os
import pathlib
import shutil

import bench

CORES = 2
PAGES = 20  # of a book
MOST_BESIDE_PERCENT = 6
COPIES = 3  # of the book, one file each: enough work that starting MPI is no large part of it
# The corpus has colour scans of old French prints, with ICC profiles, and no PDF of them: one is made.
COLOUR_SCANS = ["g17_bpt6k1512176r_f24", "g18_bpt6k6495917k_bpt6k6495917k_f15", "g18_bpt6k6495917k_bpt6k6495917k_f21",
                "g18_bpt6k6495917k_bpt6k6495917k_f23", "g18_btv1b8613380t_btv1b8613380t_f18"]
# With a colour, a gray and a bilevel book the mixed archive: images, and pages that a program made.
LOOSE_SCANS = ["ocrmypdf_linn.png", "sim_faq_en_033.png", "sim_faq_en_020.tif", "tess_8071_093_3B.tif", "g18_bpt6k70173w_multi.tif"]
BORN_DIGITAL = "pdf/debian_faq_en.pdf"
GRAY_BOOK, CCITT_BOOK = "pdf/g17_bpt6k1110784.pdf", "pdf/g18_bpt6k70173w.pdf"


def make_colour_book(b):
    """The scans, each four times, wrapped as a PDF without loss."""
    import img2pdf  # ocrmypdf needs it, too

    scans = [str(b.options.corpus / "scans" / f"{name}.jpg") for name in COLOUR_SCANS]
    book = b.folder / "colour.pdf"
    book.write_bytes(img2pdf.convert(scans * (PAGES // len(scans))))
    return book


class Contest:
    """Runs every contestant on one book or archive, interleaved, each in a fresh folder."""

    def __init__(self, b, files, copies, language="fra"):
        self.b, self.language = b, language
        self.runs = {}
        self.books = b.folder / "books"
        shutil.rmtree(self.books, ignore_errors=True)
        self.books.mkdir()
        for number in range(copies):
            for file in files:
                shutil.copyfile(file, self.books / f"{number}-{file.name}")
        self.pages = 0

    def once(self, name, contestant):
        folder = self.b.folder / "work"
        folder.mkdir()
        self.runs.setdefault(name, []).append(contestant(folder))
        shutil.rmtree(folder)

    def pecia(self, ranks, workers):
        def contestant(folder):
            job = bench.write_job(folder / "job.yaml", corpus={"root": str(self.books)}, run=str(folder / "run"),
                                  engine={"name": "tesseract", "languages": [self.language], "threads": workers},
                                  **self.b.options.job)
            launcher = bench.mpirun(ranks) if ranks > 1 else []
            taken = bench.measure([*launcher, bench.BIN / "pecia", "run", job], env=bench.pecia_environment())
            self.pages = json.loads((folder / "run" / "status.json").read_text("utf-8"))["pages"]
            return taken
        return contestant

    def parallel(self, folder):
        """Images as they are; a book's images as they stand in it, in a form that tesseract reads; other pages drawn."""
        script = [f"cd {folder}"]
        for book in sorted(self.books.iterdir()):
            if book.suffix != ".pdf":
                script.append(f"ln -s {book} .")
            elif book.name.endswith(pathlib.Path(BORN_DIGITAL).name):
                script.append(f"pdftoppm -r 300 -gray {book} {book.stem}")
            else:  # -all leaves CCITT as a bare stream
                coding = "-tiff" if book.name.endswith(pathlib.Path(CCITT_BOOK).name) else "-all"
                script.append(f"pdfimages {coding} {book} {book.stem}")
        script.append(f"ls | parallel -j {CORES} tesseract {{}} {{}} -l {self.language} --psm 3")
        return bench.measure(["bash", "-e", "-c", "\n".join(script)], env=dict(os.environ, OMP_THREAD_LIMIT="1"))

    def ocrmypdf(self, folder):
        """As a user would: what has text already is refused unless it is forced, which makes images of all pages."""
        script = []
        for book in sorted(self.books.iterdir()):
            more = " --force-ocr" if book.name.endswith(pathlib.Path(BORN_DIGITAL).name) else ""
            script.append(f"ocrmypdf -j {CORES} -l {self.language} --output-type pdf --image-dpi 300 -q{more} {book} {folder}/{book.name}.pdf")
        return bench.measure(["bash", "-e", "-c", "\n".join(script)], env=dict(os.environ, OMP_THREAD_LIMIT="1"))


def beside_the_engine(taken):
    """Opening, decoding, handing over, recording: all programs of a run but pecia-tesseract, in percent."""
    seconds = taken["cpu_by_program"]
    return 100 * (1 - seconds["pecia-tesseract"] / sum(seconds.values()))


def report(b, book, contest):
    runs = contest.runs
    rate = {name: contest.pages / bench.median(times, "wall_s") for name, times in runs.items()}
    for name, times in runs.items():
        b.case(f"{book}: {name}: CPU", "s", bench.median(times, "cpu_s"))
        b.case(f"{book}: {name}: peak memory", "MiB", bench.median(times, "peak_bytes") / 2**20)
        if name.startswith("pecia"):
            b.case(f"{book}: {name}: everything but the engine", "% of CPU", bench.statistics.median(map(beside_the_engine, times)),
                   "to be at most", MOST_BESIDE_PERCENT)
    for mine in (name for name in runs if name.startswith("pecia")):
        for other in (name for name in runs if name != mine):
            b.case(f"{book}: {mine}", "pages/s", rate[mine], other, rate[other])


def add_options(parser):
    parser.add_argument("--job", type=json.loads, default=bench.PIXELS_ONLY, metavar="JSON", help="more of pecia's job")


def archives(b):
    """By name: files, and how often each is read."""
    corpus = b.options.corpus
    found = {"1-bit CCITT book": ([corpus / CCITT_BOOK], 1 if b.options.quick else COPIES)}
    if not b.options.quick:
        colour, gray = make_colour_book(b), corpus / GRAY_BOOK
        loose = [corpus / "scans" / name for name in LOOSE_SCANS]
        found |= {"colour JPEG book": ([colour], COPIES), "gray JPEG book": ([gray], COPIES),
                  "mixed archive": ([colour, gray, corpus / CCITT_BOOK, corpus / BORN_DIGITAL, *loose], 1)}
    return found


def main():
    b = bench.Benchmark("end_to_end", __doc__, add_options)
    b.need_corpus()
    for tool in "parallel", "pdfimages", "pdftoppm", "tesseract", "ocrmypdf":
        if not shutil.which(tool):
            b.finish(note=f"not measured: {tool} is not installed")
            return
    for name, (files, copies) in archives(b).items():
        contest = Contest(b, files, copies)
        for repetition in range(b.options.repetitions or (1 if b.options.quick else 5)):
            contest.once("pecia, 2 ranks x 1 worker", contest.pecia(2, 1))
            contest.once("pecia, 1 rank x 2 workers", contest.pecia(1, 2))
            if repetition < 3:
                contest.once("parallel -j 2 tesseract", contest.parallel)
                contest.once("ocrmypdf -j 2", contest.ocrmypdf)
        report(b, f"{name}, {contest.pages} pages", contest)
    b.finish()


if __name__ == "__main__":
    main()
