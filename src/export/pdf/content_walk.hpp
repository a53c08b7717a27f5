#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <qpdf/QPDFPageObjectHelper.hh>
#include <string>
#include <vector>

#include "content_forms.hpp"

namespace pecia::exporting::pdf {

/// What a page's contents paint, and what of it is text that nobody sees.
struct PageContents : Seen {
  bool readable = true;         ///< false: they could not be followed; the rest is what was found on the way
  std::uint32_t images = 0;     ///< painted, inline ones among them
  std::optional<Affine> image;  ///< unit square -> the page's units, of the only image
  int unclosed = 0;             ///< q without Q,
  int unopened = 0;             ///< and Q without q, at their end
  bool in_text = false;         ///< BT without ET
  std::uint32_t deepest = 0;    ///< levels of q, with those in forms
  std::uint64_t oddities = 0;   ///< that libqpdf found in them, where it was asked to tell
  bool cut_off = false;         ///< they end within a string, say: what is appended would belong to it

  /// The contents without invisible text; nothing if there is none that can be removed.
  std::optional<std::string> cleaned;
  bool needs_no_fonts = false;  ///< the page's fonts, when it is cleaned
  /// Forms that have invisible text, by their names in the page's resources: without it.
  std::map<std::string, QPDFObjectHandle> cleaned_forms;
  [[nodiscard]] bool has_removable_text() const { return cleaned || !cleaned_forms.empty(); }
  [[nodiscard]] bool has_text() const { return visible_text || invisible_text; }
};

/// Follows the contents of a page and the forms that they paint; those that are `known` are not read again. Text of Type 3
/// fonts is visible whatever its rendering mode is (ISO 32000-1, 9.3.6), and text of a mode that clips counts as visible.
/// What libqpdf says on the way goes to `findings`.
[[nodiscard]] PageContents contents_of(QPDFPageObjectHelper page, KnownForms& known, Findings* findings = nullptr);

}  // namespace pecia::exporting::pdf
