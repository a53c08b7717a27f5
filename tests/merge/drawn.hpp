#pragma once

#include <string>
#include <vector>

#include "merge/drawn_books.hpp"
#include "pecia/merge/book.hpp"

namespace pecia::test {

/// A document drawn as text (tests/data/merge/README.md) and put together.
class Drawn {
 public:
  explicit Drawn(const std::string& pages, const merge::MergeSettings& settings = {}, const merge::Outline& outline = {},
                 const std::string& language = "eng")
      : books_{draw_books("book drawn language " + language + " set fit measure 40\n" + pages)},
        book_{merge::bind(books_.front().document, settings, outline)} {}

  [[nodiscard]] const merge::Book& book() const noexcept { return book_; }
  [[nodiscard]] merge::Document& document() noexcept { return books_.front().document; }

  /// The texts of all units of this role.
  [[nodiscard]] std::vector<std::string> texts(merge::Role role = merge::Role::paragraph) const {
    std::vector<std::string> texts;
    for (const auto& unit : book_.units) {
      if (unit.role == role) texts.push_back(merge::text_of(book_, unit));
    }
    return texts;
  }
  /// What was taken out as this, in the order of pages.
  [[nodiscard]] std::vector<std::string> removed(merge::ChangeKind kind) const {
    std::vector<std::string> texts;
    for (const auto& change : book_.changes) {
      if (change.kind == kind) texts.emplace_back(merge::text_of(book_.pages[change.page], change.text));
    }
    return texts;
  }
  [[nodiscard]] std::vector<std::string> evidence(merge::ChangeKind kind) const {
    std::vector<std::string> texts;
    for (const auto& change : book_.changes) {
      if (change.kind == kind) texts.push_back(change.evidence);
    }
    return texts;
  }

 private:
  std::vector<DrawnBook> books_;
  merge::Book book_;
};

}  // namespace pecia::test
