"""How much memory a rank with two threads takes: 25-megapixel pages of each format, and a page of 30,000 x 30,000 pixels."""

import json
import subprocess

import bench

SIDE_PT = 1200  # at 300 dpi 5,000 x 5,000 pixels
FONT_PT, LINES, WORDS = 11, 85, 18
PAGES = 4  # of a document, so that both threads are busy while the next pages are decoded
TEXT = ("the parish register of the year names those who were born wedded and buried in this place with their "
        "witnesses and the fees that were paid for it by hand of the clerk").split()


def text_pdf(pages):
    """A born-digital document of full pages."""
    lines = []
    for line in range(LINES):
        words = " ".join(TEXT[(line * 7 + n) % len(TEXT)] for n in range(WORDS))
        lines.append(f"1 0 0 1 60 {SIDE_PT - 60 - 13 * line} Tm ({words}) Tj")
    content = f"BT /F {FONT_PT} Tf {' '.join(lines)} ET".encode()
    objects = [b"<</Type/Catalog/Pages 2 0 R>>",
               f"<</Type/Pages/Kids[{' '.join(f'{n + 5} 0 R' for n in range(pages))}]/Count {pages}>>".encode(),
               b"<</Type/Font/Subtype/Type1/BaseFont/Times-Roman>>",
               b"<</Length %d>>stream\n%s\nendstream" % (len(content), content)]
    page = f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 {SIDE_PT} {SIDE_PT}]/Contents 4 0 R/Resources<</Font<</F 3 0 R>>>>>>"
    return pdf_of(objects + [page.encode()] * pages)


def image_pdf(jpeg, width_px, height_px):
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
               f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 {SIDE_PT} {SIDE_PT}]/Contents 4 0 R/Resources<</XObject<</Im 5 0 R>>>>>>".encode(),
               b"<</Length 31>>stream\nq %d 0 0 %d 0 0 cm /Im Do Q\nendstream" % (SIDE_PT, SIDE_PT),
               b"<</Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceRGB/BitsPerComponent 8/Filter/DCTDecode"
               b"/Length %d>>stream\n%s\nendstream" % (width_px, height_px, len(jpeg), jpeg)]
    return pdf_of(objects)


def pdf_of(objects):
    file, table = b"%PDF-1.4\n", b"0000000000 65535 f \n"
    for number, body in enumerate(objects, 1):
        table += b"%010d 00000 n \n" % len(file)
        file += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    return file + (b"xref\n0 %d\n%strailer<</Root 1 0 R/Size %d>>\nstartxref\n%d\n%%%%EOF\n"
                   % (len(objects) + 1, table, len(objects) + 1, len(file)))


class Documents:
    def __init__(self, b):
        self.b = b
        drawn = b.folder / "text.pdf"
        drawn.write_bytes(text_pdf(1))
        subprocess.run(["pdftoppm", "-r", "300", drawn, b.folder / "text"], check=True)
        self.picture = next(b.folder.glob("text-*.ppm"))

    def write(self, form, out, times=1):
        subprocess.run([bench.BIN / "bench_memory_pages", form, self.picture, out, str(times)], check=True)

    def corpus(self, name, form, times=1, pages=PAGES):
        folder = self.b.folder / name
        folder.mkdir()
        first = folder / f"page-0.{form}"
        if form == "pdf":
            first.write_bytes(text_pdf(pages))
            return folder
        if form == "jpeg.pdf":
            jpeg = self.b.folder / "page.jpg"
            self.write("jpeg", jpeg, times)
            side = SIDE_PT * 300 // 72 * times
            first.write_bytes(image_pdf(jpeg.read_bytes(), side, side))
        else:
            self.write(form, first, times)
        for number in range(1, pages):
            (folder / f"page-{number}.{form}").hardlink_to(first)
        return folder


def peak(b, corpus, engine="tesseract"):
    """MiB of all processes, shared memory counted once; and that every page has its state."""
    job = bench.write_job(b.folder / "job.yaml", corpus={"root": str(corpus)}, run=str(b.folder / f"{corpus.name}-{engine}"),
                          engine={"name": engine, "languages": ["eng"], "threads": 2})
    measured = bench.measure([bench.BIN / "pecia", "run", job], env=bench.pecia_environment(), good=(0, 3))
    out = b.folder / f"{corpus.name}-{engine}-out"
    subprocess.run([bench.BIN / "pecia", "export", b.folder / f"{corpus.name}-{engine}", "--format", "jsonl", "--out", out],
                   env=bench.pecia_environment(), stdout=subprocess.DEVNULL)
    pages = [json.loads(line) for path in out.rglob("*.jsonl") for line in path.read_text("utf-8").splitlines()]
    states = sorted({page["state"] + (f" ({page['reason']})" if page["reason"] else "") for page in pages})
    return measured["peak_bytes"] / 2**20, ", ".join(states)


def main():
    b = bench.Benchmark("memory", __doc__)
    documents = Documents(b)
    forms = ("jpeg", "pdf") if b.options.quick else ("jpeg", "png", "tiff", "gray", "group4", "jp2", "pdf", "jpeg.pdf")
    for form in forms:
        value, states = peak(b, documents.corpus(f"of-{form}", form))
        b.case(f"25-megapixel pages, {form}: {states}", "MiB", value)
    for form in () if b.options.quick else ("group4", "gray"):
        corpus = documents.corpus(f"huge-{form}", form, times=6, pages=1)
        for engine in ("echo", "tesseract"):
            value, states = peak(b, corpus, engine)
            b.case(f"30,000 x 30,000 TIFF, {form}, engine {engine}: {states}", "MiB", value)
    b.finish()


if __name__ == "__main__":
    main()
