"""Which pages are taken for blank: pages made by code (paper, dust, show-through, edges; numerals, a line, stamps), and the
corpus, of whose pages with ground truth none is blank."""

import json
import pathlib
import subprocess

import bench

SEEDS, QUICK_SEEDS = 100, 3
IMAGES = (".jpg", ".png", ".tif")


def drawn(b):
    """Image files of the corpus' scans and of its PDF pages as they look, of every fourth page."""
    scans = [path for path in sorted((b.options.corpus / "scans").iterdir()) if path.suffix in IMAGES]
    if b.options.quick:
        return scans[:5]
    for pdf in sorted((b.options.corpus / "pdf").iterdir()):
        subprocess.run(["bash", "-c", 'for n in $(seq 1 4 $(pdfinfo "$0" | sed -n "s/^Pages: *//p")); do '
                        'pdftoppm -r 300 -gray -f $n -l $n "$0" "$1"; done', pdf, b.folder / pdf.stem], check=True)
    return scans + sorted(pathlib.Path(b.folder).glob("*.pgm"))


def main():
    b = bench.Benchmark("blank", __doc__)
    b.need_corpus()
    images = drawn(b)
    done = subprocess.run([bench.BIN / "bench_blank_pages", str(QUICK_SEEDS if b.options.quick else SEEDS), *images],
                          capture_output=True, text=True, check=True)
    report = json.loads(done.stdout)
    for kind in report["made"]:
        what = "blank, but read" if kind["blank"] else "not blank, but taken for it"
        b.case(f"made pages: {kind['kind']}: {what}", "share", kind["wrong"] / kind["pages"])
    seen = report["images"]
    b.case(f"corpus, {seen['pages']} pages: taken for blank", "share", len(seen["blank"]) / seen["pages"])
    b.case("time to see whether a page is blank", "ms", 1000 * seen["seconds"] / seen["pages"])
    b.finish(note="taken for blank: " + " ".join(seen["blank"]) if seen["blank"] else None)


if __name__ == "__main__":
    main()
