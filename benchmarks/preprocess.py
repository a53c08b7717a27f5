"""What the engine deepseek_ocr2 does with a page before the model, against Pillow; loading a tokenizer of the real size."""

import json
import pathlib
import shutil
import statistics
import subprocess
import sys

import bench

WIDTH, HEIGHT = 1191, 1684  # an A4 page at 144 dpi: 6 tiles
REPETITIONS = 5
# As the reference makes the views (Pillow alone: no arrays, no normalisation); CPU seconds of the work, and a checksum.
PILLOW = """
import json, sys, time, zlib
from PIL import Image, ImageOps, __version__
width, height, mode, repetitions = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
levels = [(37 * x + 91 * y + 53 * c + 7 * x * y) % 256 for y in range(height) for x in range(width)
          for c in range(3 if mode == "rgb8" else 1)]
if mode == "gray1":
    levels = [0 if level < 128 else 255 for level in levels]
page = Image.frombytes("RGB" if mode == "rgb8" else "L", (width, height), bytes(levels))
seconds = []
for _ in range(repetitions):
    began = time.thread_time()
    image = page.convert("RGB")
    wide = image.resize((2 * 768, 3 * 768))
    tiles = [wide.crop((x, y, x + 768, y + 768)) for y in range(0, 2304, 768) for x in range(0, 1536, 768)]
    whole = ImageOps.pad(image, (1024, 1024), color=(127, 127, 127))
    seconds.append(time.thread_time() - began)
crc = 0
for view in [*tiles, whole]:
    crc = zlib.crc32(view.tobytes(), crc)
print(json.dumps({"seconds": seconds, "crc32": crc, "version": __version__}))
"""
TOKENIZERS = """
import json, sys, time, tokenizers
seconds = []
for _ in range(int(sys.argv[2])):
    began = time.process_time()
    tokenizers.Tokenizer.from_file(sys.argv[1])
    seconds.append(time.process_time() - began)
print(json.dumps({"seconds": seconds, "version": tokenizers.__version__}))
"""


def python_with(module, asked):
    """The first Python that has it, None if none has."""
    for python in filter(None, [asked, sys.executable, shutil.which("python3")]):
        if subprocess.run([python, "-c", f"import {module}"], capture_output=True).returncode == 0:
            return python
    return None


def output_of(*command):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{command[:3]} ended with {done.returncode}:\n{done.stderr[-3000:]}")
    return json.loads(done.stdout) if done.stdout else None


def interleaved(ours, other, rounds):
    """Runs both by turns; each one's median of all seconds but the first of each process, and the last reports."""
    taken, reports = ([], []), [None, None]
    for _ in range(rounds):
        for n, run in enumerate((ours, other)):
            if run:
                reports[n] = run()
                taken[n].extend(reports[n]["seconds"][1:])
    return [statistics.median(seconds) if seconds else None for seconds in taken], reports


def measure_views(b, parts, python, repetitions, rounds):
    notes = []
    for mode in ("rgb8",) if b.options.quick else ("rgb8", "gray8", "gray1"):
        arguments = (WIDTH, HEIGHT, mode, repetitions + 1)
        (ours_s, pillow_s), (ours, pillow) = interleaved(
            lambda: output_of(parts, "views", *arguments),
            python and (lambda: output_of(python, "-c", PILLOW, *arguments)), rounds)
        version = pillow and f"Pillow {pillow['version']}"
        b.case(f"views of {WIDTH} x {HEIGHT} px {mode}, {ours['kernels']}", "ms of CPU", 1e3 * ours_s, version,
               pillow and 1e3 * pillow_s)
        if pillow and pillow["crc32"] != ours["crc32"]:
            notes.append(f"{mode}: the pixels differ from {version}'s (equal before 13)")
    return notes


def measure_tokenizer(b, parts, python, repetitions, rounds):
    file = b.folder / "tokenizer.json"
    output_of(parts, "make-tokenizer", file)
    (ours_s, other_s), (ours, other) = interleaved(
        lambda: output_of(parts, "tokenizer", file, repetitions + 1),
        python and (lambda: output_of(python, "-c", TOKENIZERS, file, repetitions + 1)), rounds)
    b.case(f"tokenizer.json of {ours['file_bytes'] / 1e6:.1f} MB loaded", "ms of CPU", 1e3 * ours_s,
           other and f"tokenizers {other['version']}", other and 1e3 * other_s)
    b.case("a word of 100 kB encoded", "ms of CPU", 1e3 * statistics.median(ours["word_seconds"]))


def main():
    b = bench.Benchmark("preprocess", __doc__, lambda parser: parser.add_argument(
        "--python", type=pathlib.Path, help="one with Pillow before 13 (and tokenizers) to compare with"))
    parts = bench.BIN / "bench_preprocess_parts"
    repetitions, rounds = b.options.repetitions or REPETITIONS, 1 if b.options.quick else 3
    pillow, tokenizers = python_with("PIL", b.options.python), python_with("tokenizers", b.options.python)
    notes = measure_views(b, parts, pillow, repetitions, rounds)
    measure_tokenizer(b, parts, tokenizers, repetitions, rounds)
    if not pillow:
        notes.append("not compared with Pillow: no Python with PIL is there (name one with --python)")
    if not tokenizers:
        notes.append("not compared with the tokenizers library: no Python has it")
    b.finish(note="; ".join(notes) or None)


if __name__ == "__main__":
    main()
