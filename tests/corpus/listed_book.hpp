#pragma once

#include <gtest/gtest.h>

#include <string>

#include "pecia/corpus/document.hpp"
#include "pecia/corpus/listing.hpp"

namespace pecia::corpus {

/// A document of two pages, everything of which is kept by a segment.
inline Document book(const std::string& path, std::uint32_t revision = 0) {
  Document document;
  document.id = document_id(path);
  document.path = path;
  document.size_bytes = 5'000'000'000;
  document.modified_ns = 1'700'000'000'123'456'789;
  document.revision = revision;
  document.format = Format::tiff;
  document.pages = {{2480, 3508, Coding::g4, 61234, 0},
                    {0.1F, 3.3333333F, Coding::mixed, 1ULL << 60, 4'000'000'000}};
  document.chapters = {1, 2};
  document.outline = {{{1, 1, "Größe \"A\""}, {2, 2, "B"}},
                      {{1, LabelStyle::lower_roman, "", 3}, {2, LabelStyle::none, "x ", 1}}};
  return document;
}

inline void expect_same(const Document& one, const Document& other) {
  EXPECT_EQ(one.id, other.id);
  EXPECT_EQ(one.path, other.path);
  EXPECT_EQ(one.size_bytes, other.size_bytes);
  EXPECT_EQ(one.modified_ns, other.modified_ns);
  EXPECT_EQ(one.revision, other.revision);
  EXPECT_EQ(one.format, other.format);
  EXPECT_EQ(one.problem, other.problem);
  EXPECT_EQ(one.problem_detail, other.problem_detail);
  EXPECT_EQ(one.chapters, other.chapters);
  ASSERT_EQ(one.outline.entries.size(), other.outline.entries.size());
  for (std::size_t n = 0; n < one.outline.entries.size(); ++n) {
    EXPECT_EQ(one.outline.entries[n].page, other.outline.entries[n].page);
    EXPECT_EQ(one.outline.entries[n].level, other.outline.entries[n].level);
    EXPECT_EQ(one.outline.entries[n].title, other.outline.entries[n].title);
  }
  ASSERT_EQ(one.outline.labels.size(), other.outline.labels.size());
  for (std::size_t n = 0; n < one.outline.labels.size(); ++n) {
    EXPECT_EQ(one.outline.labels[n].first_page, other.outline.labels[n].first_page);
    EXPECT_EQ(one.outline.labels[n].style, other.outline.labels[n].style);
    EXPECT_EQ(one.outline.labels[n].prefix, other.outline.labels[n].prefix);
    EXPECT_EQ(one.outline.labels[n].start, other.outline.labels[n].start);
  }
  ASSERT_EQ(one.pages.size(), other.pages.size());
  for (std::size_t n = 0; n < one.pages.size(); ++n) {
    EXPECT_EQ(one.pages[n].width_px, other.pages[n].width_px);
    EXPECT_EQ(one.pages[n].height_px, other.pages[n].height_px);
    EXPECT_EQ(one.pages[n].coding, other.pages[n].coding);
    EXPECT_EQ(one.pages[n].compressed_bytes, other.pages[n].compressed_bytes);
    EXPECT_EQ(one.pages[n].text_operators, other.pages[n].text_operators);
    EXPECT_EQ(one.pages[n].transitions, other.pages[n].transitions);
    EXPECT_EQ(one.pages[n].components, other.pages[n].components);
    EXPECT_EQ(one.pages[n].coverage, other.pages[n].coverage);
  }
}

}  // namespace pecia::corpus
