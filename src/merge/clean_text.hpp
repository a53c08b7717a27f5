#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pecia::merge {

/// A text as every format takes it: valid UTF-8, no control characters but '\n' and '\t', nothing that Unicode says is no
/// character. A carriage return becomes a blank, a form feed a line end, anything else of that kind U+FFFD.
class CleanText {
 public:
  explicit CleanText(std::string_view read);

  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  [[nodiscard]] std::uint32_t mended() const noexcept { return mended_; }
  /// Where a byte of the text that was read stands now.
  [[nodiscard]] std::uint32_t at(std::uint32_t read) const noexcept;

 private:
  std::string text_;
  std::uint32_t mended_ = 0;
  std::vector<std::uint32_t> at_;  ///< per byte of the text that was read; empty: none moved
};

}  // namespace pecia::merge
