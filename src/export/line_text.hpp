#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pecia/merge/page_model.hpp"

namespace pecia::exporting {

/// A line of the page without a model's markup: the marks of a heading are blanks; of a table tags are left out, blanks stand
/// between its cells, and it reads as in plain text.
class LineText {
 public:
  LineText(const merge::PageModel& page, const merge::Block& block, const merge::Line& line);

  /// Of what stands there in the page's text.
  [[nodiscard]] std::string_view operator()(merge::Span span) const;
  /// It is the page's text, byte for byte but for marks of headings.
  [[nodiscard]] bool is_of_page() const { return !plain_; }

 private:
  void take_apart(std::string_view text);
  [[nodiscard]] std::size_t place_of(std::uint32_t at) const;

  std::uint32_t begin_;
  bool plain_;
  std::string text_;
  std::vector<std::uint32_t> from_;  ///< where in the page's text its bytes come from; signs of marks from what they stand at
};

}  // namespace pecia::exporting
