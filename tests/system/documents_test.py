"""docs/documents.md names tests that there are, and steps that pecia records."""

import re
import unittest

import pecia_process as pecia

SOURCE = pecia.DATA.parent.parent
DOCUMENTS = SOURCE / "docs" / "documents.md"


def rows():
    """The cells of the table format x feature: what, what pecia does, the test."""
    for line in DOCUMENTS.read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split(" | ")]
        if line.startswith("|") and len(cells) == 3 and cells[2] not in ("test", "---"):
            yield cells


class DocumentsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        files = [path for path in (SOURCE / "tests").rglob("*_test.*") if path.suffix in (".cpp", ".py")]
        cls.files = {f"{path.parent.name}/{path.stem}" for path in files}
        cls.words = set(re.findall(r"\w+", "\n".join(path.read_text("utf-8") for path in files)))

    def test_each_row_names_a_test_that_there_is(self):
        found = list(rows())
        self.assertGreater(len(found), 60)
        for what, _, test in found:
            with self.subTest(what):
                named = re.findall(r"\b([a-z]+)[/.](\w+_test)\b", test)
                suites = re.findall(r"\b[A-Z]\w{6,}", test)
                self.assertTrue(named or suites or test == "-", test)
                for room, name in named:
                    self.assertIn(f"{room}/{name}", self.files)
                for word in suites:
                    self.assertIn(word, self.words)

    def test_each_step_that_is_explained_is_recorded(self):
        sources = "\n".join(path.read_text("utf-8") for path in (SOURCE / "src").rglob("*.cpp"))
        sources += "\n".join(path.read_text("utf-8") for path in (SOURCE / "src").rglob("*.hpp"))
        steps = re.findall(r"^\| `([a-z_]+)` \|", DOCUMENTS.read_text("utf-8"), re.MULTILINE)
        self.assertGreater(len(steps), 10)
        for step in steps:
            with self.subTest(step):
                self.assertIn(f'"{step}"', sources)


if __name__ == "__main__":
    unittest.main()
