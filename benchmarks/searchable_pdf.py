"""Searchable PDFs: seconds and bytes of a book of JPEG pages, beside ocrmypdf; words and boxes as Poppler finds them; lines
against ground truth.

`--run RUN` takes a run that is there in place of reading the sample; with `--corpus DIR` (and a run over it) lines are compared
with DIR/gt/*.alto.xml, and words of born-digital PDFs (in a run with page.text_layer: ignore) with Poppler's boxes of them.
"""

import difflib
import html
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import xml.etree.ElementTree
from collections import Counter, defaultdict

import bench

PAGES, QUICK_PAGES = 500, 40
OCRMYPDF_PAGES, QUICK_OCRMYPDF_PAGES = 10, 2
DPI = 300
LEAST_ALIKE = .6  # of a line's text, to be taken for a line of the ground truth
DIRECTION_MARKS = re.compile("[\u200e\u200f\u202a-\u202e]")


def jpeg_size(data):
    """Width, height and components, of its frame's header."""
    at = 2
    while data[at] == 0xFF:
        mark, length = data[at + 1], int.from_bytes(data[at + 2:at + 4], "big")
        if 0xC0 <= mark <= 0xC2:
            return int.from_bytes(data[at + 7:at + 9], "big"), int.from_bytes(data[at + 5:at + 7], "big"), data[at + 9]
        at += 2 + length
    raise ValueError("no JPEG")


def write_book(path, jpegs, pages):
    """A PDF of so many pages, an image of its own each."""
    objects = ["<</Type/Catalog/Pages 2 0 R>>", None]
    streams, kids = {}, []
    for n in range(pages):
        data = jpegs[n % len(jpegs)].read_bytes()
        width, height, components = jpeg_size(data)
        page = len(objects) + 1
        kids.append(f"{page} 0 R")
        w, h = round(width * 72 / DPI, 3), round(height * 72 / DPI, 3)
        objects.append(f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 {w} {h}]/Contents {page + 1} 0 R"
                       f"/Resources<</XObject<</Im {page + 2} 0 R>>>>>>")
        contents = f"q {w} 0 0 {h} 0 0 cm /Im Do Q".encode()
        streams[page + 1], streams[page + 2] = contents, data
        objects.append(f"<</Length {len(contents)}>>")
        space = "/DeviceGray" if components == 1 else "/DeviceRGB"
        objects.append(f"<</Type/XObject/Subtype/Image/Width {width}/Height {height}/BitsPerComponent 8/ColorSpace{space}"
                       f"/Filter/DCTDecode/Length {len(data)}>>")
    objects[1] = f"<</Type/Pages/Kids[{' '.join(kids)}]/Count {pages}>>"
    with open(path, "wb") as out:
        out.write(b"%PDF-1.5\n%\xE2\xE3\xCF\xD3\n")
        places = []
        for number, dictionary in enumerate(objects, 1):
            places.append(out.tell())
            out.write(f"{number} 0 obj\n{dictionary}\n".encode())
            if number in streams:
                out.write(b"stream\n" + streams[number] + b"\nendstream\n")
            out.write(b"endobj\n")
        table = out.tell()
        out.write(f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode())
        out.write(b"".join(b"%010d 00000 n \n" % place for place in places))
        out.write(f"trailer\n<</Root 1 0 R/Size {len(objects) + 1}>>\nstartxref\n{table}\n%%EOF\n".encode())


def write(run, out, *more):
    """What bench_searchable_pdf_write says of each document."""
    done = subprocess.run([bench.BIN / "bench_searchable_pdf_write", run, out, *map(str, more)], capture_output=True, text=True,
                          check=False, env=bench.pecia_environment())
    if done.returncode != 0:
        raise SystemExit(done.stderr)
    return [json.loads(line) for line in done.stdout.splitlines()]


def extracted(pdf):
    """Words of a PDF in the order of its contents, as Poppler extracts them."""
    text = subprocess.run(["pdftotext", "-raw", pdf, "-"], capture_output=True, check=True).stdout.decode("utf-8", "replace")
    return [DIRECTION_MARKS.sub("", page).split() for page in text.split("\f")[:-1]]


def boxes(pdf):
    """Per page its size in points and its words with their boxes (x0, y0, x1, y1), from the upper left corner."""
    out = subprocess.run(["pdftotext", "-bbox", pdf, "-"], capture_output=True, check=True).stdout.decode("utf-8", "replace")
    pages = []
    for line in out.splitlines():
        numbers = [float(number) for number in re.findall(r'"([-\d.]+)"', line)]
        if "<page " in line:
            pages.append((numbers[0], numbers[1], []))
        elif "<word " in line:
            text = html.unescape(re.search(r">(.*)</word>", line)[1])
            pages[-1][2].append((DIRECTION_MARKS.sub("", text), numbers))
    return pages


def words_of(page):
    """What was read, words that no blank separates as one."""
    lines = ("".join(word["text"] + (" " if word["blank_after"] else "") for word in line["words"]) for line in page["lines"])
    return " ".join(lines).split()


def recall(wanted, found):
    wanted, found = Counter(wanted), Counter(found)
    return sum((wanted & found).values()) / max(1, sum(wanted.values()))


def overlap(a0, a1, b0, b1):
    """Of two stretches: what they share of what they cover."""
    return max(0., min(a1, b1) - max(a0, b0)) / max(1e-9, max(a1, b1) - min(a0, b0))


def box_overlap(a, b):
    shared = max(0., min(a[2], b[2]) - max(a[0], b[0])) * max(0., min(a[3], b[3]) - max(a[1], b[1]))
    both = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared
    return shared / both if both > 0 else 0.


def compared_words(read, pages):
    """Of words that a page has once, here and there: overlap along the line, whole overlap, whether our middle is within the height of
    Poppler's box."""
    along, whole, middles = [], [], []
    for page, (width, height, found) in zip(read, pages):
        x, y = width / max(1, page["width_px"]), height / max(1, page["height_px"])
        theirs = once((text, box) for text, box in found)
        ours = once((word["text"], word["box"]) for line in page["lines"] for word in line["words"])
        for text in ours.keys() & theirs.keys():
            box, other = [side * scale for side, scale in zip(ours[text], (x, y, x, y))], theirs[text]
            if box[3] - box[1] > 3 * (box[2] - box[0]):  # upright lines have no height of their own
                continue
            along.append(overlap(box[0], box[2], other[0], other[2]))
            whole.append(box_overlap(box, other))
            middles.append(other[1] <= (box[1] + box[3]) / 2 <= other[3])
    return along, whole, middles


def once(words):
    """Boxes by the text of words that there is one of."""
    by_text = defaultdict(list)
    for text, box in words:
        by_text[text].append(box)
    return {text: found[0] for text, found in by_text.items() if len(found) == 1}


def truth_lines(alto):
    """Text and bounding box of each line: that of its polygon, in pixels of the image."""
    lines = []
    for line in xml.etree.ElementTree.parse(alto).getroot().findall(".//{*}TextLine"):
        text = " ".join(string.get("CONTENT", "") for string in line.findall("{*}String"))
        polygon = line.find("{*}Shape/{*}Polygon")
        numbers = [float(number) for number in re.split(r"[ ,]+", polygon.get("POINTS", "").strip())] if polygon is not None else []
        if text.strip() and len(numbers) >= 6:
            lines.append((text, [min(numbers[::2]), min(numbers[1::2]), max(numbers[::2]), max(numbers[1::2])]))
    return lines


class Book:
    """A made book of JPEG pages that the run has read."""

    def __init__(self, b, run, jpegs, pages):
        self.folder, self.run, self.pages = b.folder, run, pages
        self.path = b.folder / f"book{pages}.pdf"
        write_book(self.path, jpegs, pages)

    def write(self, *more):
        self.out = self.folder / "searchable.pdf"
        return write(self.run, self.out, "--book", self.path, "--pages", self.pages, *more)[0]


def measure_book(b, run, jpegs):
    book = Book(b, run, jpegs, QUICK_PAGES if b.options.quick else PAGES)
    runs = [book.write() for _ in range(b.options.repetitions or (1 if b.options.quick else 3))]
    b.case(f"a book of {book.pages} JPEG pages ({runs[0]['source_bytes'] / 1e6:.0f} MB) to searchable PDF (asked of 500: 10)", "s",
           statistics.median(run["seconds"] for run in runs))
    b.case("bytes a page over the original (asked: 4096)", "bytes", (runs[0]["bytes"] - runs[0]["source_bytes"]) / book.pages)
    archival = book.write("--pdfa")
    b.case("the same as PDF/A-2b, bytes a page over the original", "bytes", (archival["bytes"] - archival["source_bytes"]) / book.pages)


def noted_programs(folder, names):
    """A folder of programs that note the CPU seconds which those of these names take, and the file where they do."""
    log = folder / "times.txt"
    shims = folder / "shims"
    shims.mkdir(exist_ok=True)
    for name in names:
        shim = shims / name
        shim.write_text(f'#!/bin/sh\n"{shutil.which(name)}" "$@"\nstatus=$?\ntimes >> "{log}"\nexit $status\n')
        shim.chmod(0o755)
    return shims, log


def images_of(pdf, folder):
    """The JPEGs of a PDF as they are in it."""
    folder.mkdir()
    subprocess.run(["pdfimages", "-all", pdf, folder / "image"], check=True)
    return [file.read_bytes() for file in sorted(folder.iterdir())]


def measure_beside_ocrmypdf(b, run, jpegs):
    book = Book(b, run, jpegs, QUICK_OCRMYPDF_PAGES if b.options.quick else OCRMYPDF_PAGES)
    ours = book.write("--words")
    read = [word for page in ours["read"] for word in words_of(page)]
    found = [word for page in extracted(book.out) for word in page]
    kept = sum(image == jpegs[n % len(jpegs)].read_bytes() for n, image in enumerate(images_of(book.out, b.folder / "ours")))
    b.case(f"images of {book.pages} that are in our PDF byte for byte", "images", kept)
    if not shutil.which("ocrmypdf"):
        b.case("text recall: words that were read and Poppler extracts", "", recall(read, found))
        return "ocrmypdf is not installed: not compared"
    shims, log = noted_programs(b.folder, [name for name in ("tesseract", "gs") if shutil.which(name)])
    theirs, text = b.folder / "ocrmypdf.pdf", b.folder / "sidecar.txt"
    environment = dict(os.environ, PATH=f"{shims}:{os.environ['PATH']}")
    options = ["--quiet", "--jobs", "1", "--output-type", "pdf", "--optimize", "0"]
    taken = bench.measure(["ocrmypdf", *options, "--sidecar", text, book.path, theirs], env=environment)
    of_shims = [float(minutes) * 60 + float(seconds) for minutes, seconds in re.findall(r"(\d+)m([\d.]+)s", log.read_text())]
    mine = bench.measure([bench.BIN / "bench_searchable_pdf_write", run, book.out, "--book", book.path, "--pages", book.pages],
                         env=bench.pecia_environment())
    b.case(f"a book of {book.pages} pages: CPU seconds of the PDF alone (ocrmypdf: all of it but its tesseract and ghostscript; ours: with "
           "reading the run)", "s", mine["cpu_s"], "ocrmypdf", max(.001, taken["cpu_s"] - sum(of_shims)))
    b.case("bytes of the PDF (ocrmypdf --output-type pdf --optimize 0, which leaves images as they are, as ours does; its default "
           "packs JPEGs once more by Flate)", "bytes", ours["bytes"], "ocrmypdf", theirs.stat().st_size)
    their_read = text.read_text("utf-8").split()
    b.case("text recall: words that were read (ocrmypdf: its sidecar) and Poppler extracts", "", recall(read, found), "ocrmypdf",
           recall(their_read, [word for page in extracted(theirs) for word in page]))
    return None


def measure_extraction(b, written, out, root):
    """All documents of the run: what Poppler finds of the words that were placed. Without pages that have text of their own, which
    would be found in place of ours."""
    wanted = found = 0
    along, middles = [], []
    for document in written:
        if document["status"] != "written" or document["pages_with_text"] == 0:
            continue
        pdf, source = out / (document["path"] + ".pdf"), root / document["path"]
        before = extracted(source) if source.suffix.lower() == ".pdf" else [[]] * document["pages"]
        for page, words, own in zip(document["read"], extracted(pdf), before):
            if own:
                continue
            ours = Counter(words_of(page))
            wanted += sum(ours.values())
            found += sum((ours & Counter(words)).values())
        horizontal, _, within = compared_words(document["read"], boxes(pdf))
        along += horizontal
        middles += within
    b.case(f"of {wanted} words placed on pages without text of their own: share that Poppler extracts from the PDFs", "", found / max(1, wanted))
    b.case("boxes of the PDFs' words by Poppler against those that were read: overlap along the line, median", "", statistics.median(along))
    b.case("the same: share whose middle is within Poppler's box", "", sum(middles) / len(middles))


def measure_lines(b, written):
    """Lines against the ground truth's, matched by their text."""
    overlaps, extents, heights, matched, lines = [], [], [], 0, 0
    for document in written:
        alto = b.options.corpus / "gt" / (pathlib.Path(document["path"]).stem + ".alto.xml")
        if "print" not in kind_of(b).get(document["path"], "print") or not alto.is_file() or document["pages"] != 1:
            continue
        ours = [(" ".join(word["text"] for word in line["words"]), line["box"]) for line in document["read"][0]["lines"]]
        for text, box in truth_lines(alto):
            lines += 1
            alike = [(difflib.SequenceMatcher(None, text, other).ratio(), place) for other, place in ours]
            score, place = max(alike, key=lambda one: one[0] + box_overlap(box, one[1]), default=(0, None))
            if score < LEAST_ALIKE:
                continue
            matched += 1
            overlaps.append(box_overlap(box, place))
            extents.append(overlap(box[0], box[2], place[0], place[2]))
            heights.append(overlap(box[1], box[3], place[1], place[3]))
    if not overlaps:
        return
    b.case(f"lines of prints against the ground truth's polygons ({matched} of {lines} matched by text): overlap of bounding boxes, median "
           "(asked: .6)", "", statistics.median(overlaps))
    b.case("the same: overlap along the line, median", "", statistics.median(extents))
    b.case("the same: overlap in height, median", "", statistics.median(heights))


def kind_of(b):
    lines = (b.options.corpus / "MANIFEST.tsv").read_text("utf-8").splitlines()
    names = lines[0].split("\t")
    return {row["path"]: row["kind"] for row in (dict(zip(names, line.split("\t"))) for line in lines[1:])}


def measure_born_digital(b, written):
    """Words that the engine read from pixels against Poppler's of the text that the page has."""
    along, whole, middles = [], [], []
    for document in written:
        if "born-digital" in kind_of(b).get(document["path"], "") and document["pages_with_text"] > 0:
            for all_, more in zip((along, whole, middles), compared_words(document["read"], boxes(b.options.corpus / document["path"]))):
                all_ += more
    if not along:
        return
    b.case(f"{len(along)} words of born-digital PDFs against Poppler's boxes of them: overlap along the line, median (asked: .85)", "",
           statistics.median(along))
    b.case("the same: share whose middle is within Poppler's box (asked: .98)", "", sum(middles) / len(middles))
    b.case("the same: whole overlap, median (Poppler's boxes are as high as the font, those that were read as the ink)", "",
           statistics.median(whole))


def sample_run(b):
    """The sample's JPEG pages, read anew."""
    root = bench.SOURCE / "jobs" / "sample"
    job = bench.write_job(b.folder / "job.yaml", run=str(b.folder / "run"), corpus={"root": str(root), "include": ["**/*.jpg"]},
                          engine={"name": "tesseract", "languages": ["eng"]})
    bench.measure([bench.BIN / "pecia", "run", job], env=bench.pecia_environment(), good=(0, 3))
    return b.folder / "run"


def main():
    b = bench.Benchmark("searchable_pdf", __doc__,
                        lambda parser: parser.add_argument("--run", type=pathlib.Path, help="a run to write from"))
    run = b.options.run or sample_run(b)
    out = b.folder / "documents"
    written = write(run, out, "--words")
    root = corpus_root(run)
    jpegs = [root / document["path"] for document in written
             if document["path"].endswith(".jpg") and document["pages_with_text"] == 1]
    measure_book(b, run, jpegs)
    missing = [name for name in ("pdfimages", "pdftotext") if not shutil.which(name)]
    if missing:
        return b.finish(f"{' and '.join(missing)} (poppler-utils) not installed: nothing that needs them is measured")
    note = measure_beside_ocrmypdf(b, run, jpegs)
    measure_extraction(b, written, out, root)
    if (b.options.corpus / "MANIFEST.tsv").is_file() and root.resolve() == b.options.corpus.resolve():
        measure_lines(b, written)
        measure_born_digital(b, written)
    return b.finish(note)


def corpus_root(run):
    """As the run's own job says, whose paths are absolute."""
    return pathlib.Path(re.search(r"^corpus:.*?^\s+root:\s*\"?([^\"\n]+)", (run / "run.yaml").read_text("utf-8"), re.M | re.S)[1])


if __name__ == "__main__":
    main()
