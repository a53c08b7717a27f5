"""Reads corpus.h5 with h5py, as a user would: read_corpus.py FILE DOCUMENTS PAGES. Exits 0 if all is there."""

import sys

import h5py

file = h5py.File(sys.argv[1], "r")
documents, pages = int(sys.argv[2]), int(sys.argv[3])
rows = file["pages"][:]
assert len(rows) == documents * pages, len(rows)
states = h5py.check_enum_dtype(rows.dtype["state"])
failed = 0
for row in rows:
    text = bytes(file["text"][row["text_begin"]:row["text_end"]]).decode()
    if row["state"] == states["failed"]:
        failed += 1
        assert text == ""
    else:
        assert text == f"Überschrift of page {row['page']}\n", text
        word = file["words"][row["words_begin"]]
        assert text.encode()[word["text_begin"]:word["text_end"]].decode() == "Überschrift", word
assert failed == documents * (pages // 4), failed
assert [d["path"].decode() for d in file["documents"]] == [f"document {n + 1}.pdf" for n in range(documents)]
assert all(d["rows"] == pages for d in file["documents"])
