#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pecia::merge {

/// What a stretch of a table's text is beside its characters.
enum class Inline : std::uint8_t { superscript, subscript, underline, line_break };
/// The element of HTML: sup, sub, u, br.
[[nodiscard]] std::string_view element_of(Inline what) noexcept;
[[nodiscard]] std::optional<Inline> inline_of(std::string_view element) noexcept;

/// Bytes [begin, end) of a text; of a line break the blank that stands in its place.
struct InlineMark {
  Inline what = Inline::superscript;
  std::uint32_t begin = 0, end = 0;
};

/// Text on one line without markup, and what the markup said of it.
struct MarkedText {
  std::string text;
  std::vector<InlineMark> marks;  ///< from the left, outer ones first: no two of them overlap in part
};

/// Goes through a text from the left. The blank of a line break is not passed on as text.
struct MarkedTextVisitor {
  std::function<void(std::uint32_t begin, std::uint32_t end)> text;
  std::function<void(std::size_t mark, bool opens)> mark;  ///< of `MarkedText::marks`; a line break opens only
};
void visit(const MarkedText& text, const MarkedTextVisitor& visitor);

/// What plain text has in place of a mark's beginning or end: "10^3", "H_2O", "x^{n+1}", a blank for a line break. Braces stand
/// where without them it would not be seen how far the mark reaches.
[[nodiscard]] std::string_view plain_sign(const MarkedText& text, std::size_t mark, bool opens);
[[nodiscard]] std::string plain_text(const MarkedText& text);

/// Puts together a marked text: white space becomes single blanks.
class MarkedTextBuilder {
 public:
  /// A character, or white space.
  void add(std::string_view sign);
  void open(Inline what);
  /// Also what was opened within it and is still open; nothing where it is not open.
  void close(Inline what);
  void break_line();
  [[nodiscard]] std::size_t size() const noexcept { return made_.text.size(); }
  /// Closes what is open, and begins anew.
  [[nodiscard]] MarkedText take();

 private:
  MarkedText made_;
  std::vector<std::size_t> open_;  ///< of its marks
};

}  // namespace pecia::merge
