"""The three lines of docs/tutorial.md that read a page's text with h5py do what they say."""

import re
import subprocess
import sys

import pecia_process as pecia

CORPUS = pecia.DATA / "system" / "corpus" / "loose"


class TutorialTest(pecia.Case):
    def test_three_lines_print_a_pages_text(self):
        tutorial = (pecia.DATA.parent.parent / "docs" / "tutorial.md").read_text("utf-8")
        code = re.search(r"python3 -c '\n(import h5py.*?)'\n", tutorial, re.DOTALL)[1]
        self.assertEqual(len(code.strip().splitlines()), 3)
        status, output = pecia.run(0, "run", pecia.write_job(self.folder, CORPUS, engine={"name": "echo"}))
        self.assertEqual(status, 0, output)
        (self.folder / "run").rename(self.folder / "moved")  # relative names: the run may be moved
        code = code.replace("runs/sample/corpus.h5", str(self.folder / "moved" / "corpus.h5"))

        printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

        texts = {page["text"] for page in pecia.export(self.folder / "moved", self.folder / "out")["pages.jsonl"]}
        self.assertIn(printed.removesuffix("\n"), texts)


if __name__ == "__main__":
    pecia.main()
