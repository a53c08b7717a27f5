"""Reads labels, boxes, rungs and languages of words from corpus.h5 with h5py: read_blocks.py FILE. Document 1 is of a release that had none
of them, document 2 of a model (tests/store/made_records.hpp). Exits 0 if all is there."""

import sys

import h5py

file = h5py.File(sys.argv[1], "r")
rows = file["pages"][:]
names = {field: {n: name for name, n in h5py.check_enum_dtype(rows.dtype[field]).items()} for field in ("finish_reason", "rung")}
kinds = {n: name for name, n in h5py.check_enum_dtype(file["blocks"].dtype["kind"]).items()}


def string(row, field):
    return bytes(file["strings"][row[field + "_begin"]:row[field + "_end"]]).decode()


boxes_seen = 0
for row in rows:
    page, blocks = int(row["page"]), file["blocks"][row["blocks_begin"]:row["blocks_end"]]
    languages = [int(word["language"]) for word in file["words"][row["words_begin"]:row["words_end"]]]
    if row["document"] == 1:
        assert not any(languages), languages
        assert (string(row, "fingerprint"), names["rung"][row["rung"]]) == ("", "normal"), row
        assert len(blocks) == 0 and names["finish_reason"][row["finish_reason"]] == "none", row
        continue
    assert languages == [int(page % 4 == 1)] + [2] * (page % 2), (page, languages)
    assert string(row, "fingerprint") == f"weights {page % 2}", row
    assert names["rung"][row["rung"]] == ["normal", "stronger_guard", "plain_prompt", "rotated", "fallback"][page % 5], row
    assert names["finish_reason"][row["finish_reason"]] == ["stop", "length", "repeats", "watchdog"][page % 4], row
    for attempt in file["attempts"][row["attempts_begin"]:row["attempts_end"]]:
        assert names["rung"][attempt["rung"]] == "stronger_guard", attempt
    assert len(blocks) == page % 4, row
    labels = string(row, "labels").encode()
    boxes = file["boxes"][row["boxes_begin"]:row["boxes_end"]]
    for n, block in enumerate(blocks):
        assert kinds[block["kind"]] == ["text", "table", "formula"][n], block
        label = labels[block["label_begin"]:block["label_end"]].decode()
        assert label == ("image" if n == 1 else "text"), label
        assert block["unparsed"] == (n == 2), block
        of_block = boxes[block["boxes_begin"]:block["boxes_end"]]
        assert len(of_block) == (2 if n == 1 else 0), block
        boxes_seen += len(of_block)
        assert all(box["y1"] in (4, page + 6) for box in of_block), of_block
assert boxes_seen == 12, boxes_seen
assert {int(row["document"]) for row in rows} == {1, 2}
