"""How well the words of the better text find their boxes: the corpus' ground truth stands in for a model's text, without its line
ends and hyphens, and Tesseract's readings give the boxes. Where ground truth has the places of lines, too, words are looked for in
them."""

import collections
import json
import pathlib
import re
import statistics
import subprocess
import xml.etree.ElementTree as xml

import bench

LANGUAGES = [("**/g1[78]*", "fra"), ("**/cremma*", "fra"), ("**/gtst*", "frk"), ("**/pypdf_habibi*", "ara"),
             ("**/developers_reference_ja*", "jpn")]
ALTO = "{http://www.loc.gov/standards/alto/ns-v4#}"
HYPHEN = re.compile(r"[-¬⸗=]$")


def options(parser):
    parser.add_argument("--run", type=pathlib.Path, help="a finished run over the corpus' scans and pdf by Tesseract (it makes one)")
    parser.add_argument("--kept", type=pathlib.Path,
                        help="another one, that kept the text of born-digital pages: the boxes of their words are the truth")


def read_corpus(b):
    """The whole corpus takes some ten minutes on two cores."""
    job = b.folder / "job.yaml"
    include = ["scans/**"] if b.options.quick else ["scans/**", "pdf/**"]
    job.write_text(json.dumps({
        "corpus": {"root": str(b.options.corpus), "include": include}, "run": str(b.folder / "run"),
        "engine": {"name": "tesseract", "languages": ["eng"]},
        "rules": [{"match": match, "languages": [language]} for match, language in LANGUAGES], **bench.PIXELS_ONLY}), encoding="utf-8")
    bench.measure([bench.BIN / "pecia", "run", job], good=(0, 3))
    return b.folder / "run"


def pages_with_truth(corpus):
    """(document, page, its ground truth, kind)"""
    rows = [line.split("\t") for line in (corpus / "MANIFEST.tsv").read_text("utf-8").splitlines()[1:]]
    for row in rows:
        path, kind, truth = row[0], row[6], row[7]
        if not truth:
            continue
        if (corpus / truth).is_file() and not re.search(r"\.p[0-9]{3}\.txt$", truth):
            yield path, 1, corpus / truth, kind
        else:
            for file in sorted((corpus / "gt").glob(pathlib.Path(path).stem + ".p[0-9][0-9][0-9].txt")):
                yield path, int(file.stem[-3:]), file, kind


def as_a_model(lines):
    """A text without line ends, and where each line begins in its UTF-8."""
    text, begins = "", []
    for line in lines:
        begins.append(len(text.encode("utf-8")))
        line = line.strip()
        text += HYPHEN.sub("", line) if HYPHEN.search(line) and len(line) > 3 else line + " "
    return text, begins


def lines_of_alto(path):
    """(text, polygon) of each line."""
    lines = []
    for line in xml.parse(path).getroot().iter(f"{ALTO}TextLine"):
        content = " ".join(string.get("CONTENT", "") for string in line.iter(f"{ALTO}String"))
        polygon = line.find(f"{ALTO}Shape/{ALTO}Polygon")
        numbers = list(map(float, re.split(r"[ ,]+", polygon.get("POINTS").strip()))) if polygon is not None else []
        lines.append((content, list(zip(numbers[::2], numbers[1::2]))))
    return [line for line in lines if line[0].strip()]


def is_inside(x, y, polygon):
    inside = False
    for (x0, y0), (x1, y1) in zip(polygon, polygon[1:] + polygon[:1]):
        if (y0 > y) != (y1 > y) and x < (x1 - x0) * (y - y0) / (y1 - y0) + x0:
            inside = not inside
    return inside


def ask(run, tasks):
    done = subprocess.run([bench.BIN / "bench_geometry_pages", run], input="\n".join(map(json.dumps, tasks)),
                          capture_output=True, text=True, check=True)
    return {(answer["document"], answer["page"]): answer for answer in map(json.loads, done.stdout.splitlines())}


def made(words, repetitions):
    command = [bench.BIN / "bench_geometry_pages", "--made", str(words)]
    answers = [json.loads(subprocess.run(command, capture_output=True, check=True).stdout) for _ in range(repetitions)]
    return 1000 * statistics.median(answer["seconds"] for answer in answers)


def count_inside(answer, begins, polygons):
    """Words whose centre lies in the polygon of the line in which they begin, and all of these lines' words."""
    inside = total = 0
    for begin, _, x0, y0, x1, y1 in answer["word_parts"]:
        line = max(n for n, at in enumerate(begins) if at <= begin)
        if len(polygons[line]) < 3:
            continue
        total += 1
        inside += is_inside((x0 + x1) / 2, (y0 + y1) / 2, polygons[line])
    return inside, total


def main():
    b = bench.Benchmark("geometry", __doc__, options)
    for words in (500, 5000, 10000):
        b.case(f"time to align a page of {words} words", "ms", made(words, 1 if b.options.quick else 5))
    b.need_corpus()
    run = b.options.run or read_corpus(b)
    pages = list(pages_with_truth(b.options.corpus))
    texts = (as_a_model(truth.read_text("utf-8").splitlines())[0] for _, _, truth, _ in pages)
    tasks = [{"document": path, "page": page, "text": text} for (path, page, _, _), text in zip(pages, texts)]
    answers = ask(run, tasks)
    sums = collections.defaultdict(collections.Counter)
    for path, page, _, kind in pages:
        if answer := answers.get((path, page)):
            good = answer["placed_letters"] >= 0.5 * answer["letters"]
            sums[kind].update(pages=1, used=good, seconds=answer["seconds"], letters=answer["letters"], placed=answer["placed_letters"],
                              words=answer["words"], placed_words=answer["placed_words"])
    for kind, of in sorted(sums.items()):
        name = f"{kind}, {of['pages']} pages, {of['words']} words"
        b.case(f"{name}: words that have a box", "share", of["placed_words"] / max(1, of["words"]))
        b.case(f"{name}: pages above the limit", "share", of["used"] / of["pages"])
    every = sum(sums.values(), collections.Counter())
    b.case("mean time of a page of the corpus", "ms", 1000 * every["seconds"] / max(1, every["pages"]))

    with_lines = [(path, page, lines_of_alto(alto)) for path, page, truth, _ in pages if (alto := truth.with_suffix(".alto.xml")).is_file()]
    tasks = [{"document": path, "page": page, "text": as_a_model([text for text, _ in lines])[0]} for path, page, lines in with_lines]
    answers = ask(run, tasks)
    inside = total = 0
    for path, page, lines in with_lines:
        if answer := answers.get((path, page)):
            found = count_inside(answer, as_a_model([text for text, _ in lines])[1], [polygon for _, polygon in lines])
            inside, total = inside + found[0], total + found[1]
    if total:
        b.case(f"{len(with_lines)} pages with the places of lines, {total} placed words: whose centre lies in their line", "share",
               inside / total)
    if b.options.kept:
        done = subprocess.run([bench.BIN / "bench_geometry_pages", run, b.options.kept], capture_output=True, text=True, check=True)
        seen = json.loads(done.stdout)
        name = f"{seen['pages']} born-digital pages, {seen['words']} placed words, and the boxes of their PDF"
        b.case(f"{name}: vertical centre within it", "share", seen["centres"] / seen["words"])
        b.case(f"{name}: horizontal intersection over union, median", "share", seen["median_overlap"])
    b.finish()


if __name__ == "__main__":
    main()
