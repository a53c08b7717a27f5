#pragma once

#include <string>
#include <vector>

#include "page/reader_fixture.hpp"

namespace pecia::test {

/// PDFs of nine pages with whatever outline and labels.
class OutlinedPdf : public PageReaderTest {
 protected:
  /// A PDF of `pages` pages, whose page n is object `page(n)`.
  OutlinedPdf() {
    for (int n = 2; n <= pages; ++n) pdf_.add("/Type/Page/Parent 2 0 R" + media);
    for (int n = 1; n <= pages; ++n) kids_ += reference(page(n)) + " ";
  }
  static int page(int number) { return number + 2; }
  static std::string reference(int object) { return std::to_string(object) + " 0 R"; }
  static std::string to_page(int number) { return "[" + reference(page(number)) + "/Fit]"; }

  /// Entries of the top level with these destinations, linked in order.
  int outline(const std::vector<std::string>& destinations) {
    const auto root = pdf_.add("/Type/Outlines/First " + reference(next_object() + 1));
    for (std::size_t n = 0; n < destinations.size(); ++n) {
      const bool last = n + 1 == destinations.size();
      pdf_.add("/Title(x)" + destinations[n] +
               (last ? "" : "/Next " + reference(next_object() + 1)));
    }
    return root;
  }
  int next_object() { return pages + 3 + added_++; }

  std::vector<std::uint32_t> chapters(const std::string& catalog) {
    return probed(catalog).chapters;
  }

  page::Probe probed(const std::string& catalog) {
    const auto file = pdf_.finish(media, "0 g\n", "",
                                  "/Kids[" + kids_ + "]/Count " + std::to_string(pages), catalog);
    const auto probe = reader_.probe(source(next_name(), file));
    EXPECT_EQ(probe.problem, Reason::none) << probe.problem_detail;
    EXPECT_EQ(probe.pages.size(), static_cast<std::size_t>(pages));
    return probe;
  }

  /// A reader looks once into a file of a name.
  std::string next_name() { return std::to_string(++files_) + ".pdf"; }

  static constexpr int pages = 9;
  PdfBuilder pdf_;
  std::string kids_;
  int added_ = 0, files_ = 0;
};

}  // namespace pecia::test
