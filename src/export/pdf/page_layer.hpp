#pragma once

#include <qpdf/QPDFPageObjectHelper.hh>
#include <string>

#include "content_walk.hpp"
#include "glyphless_font.hpp"

namespace pecia::exporting::pdf {

/// A page that inherits resources gets them for its own, as PDF/A wants them.
void own_resources(QPDFPageObjectHelper page);

/// Puts layers of text on pages of a PDF, and takes earlier ones away.
class PageLayers {
 public:
  PageLayers(QPDF& pdf, GlyphlessFont& font) : pdf_{pdf}, font_{font} {}

  /// Gives the page its resources without the invisible text that `contents` names; `set` the contents.
  static void clean_resources(QPDFPageObjectHelper page, const PageContents& contents);
  /// The name that our font has in the page's resources, without the slash: it is put there, where others may use it, too.
  [[nodiscard]] std::string font_name(QPDFPageObjectHelper page) const;
  /// The page's contents, wrapped in q and Q so that what they set ends with them, and behind them `operators`, which leave the
  /// graphics state as it was. In front of contents that cannot be wrapped: that have a Q without q, which would undo the
  /// wrapping, that are cut off, or of which nobody knows.
  void set(QPDFPageObjectHelper page, const PageContents& contents, const std::string& operators);

 private:
  QPDF& pdf_;
  GlyphlessFont& font_;
  QPDFObjectHandle opening_;  ///< of pages whose contents are whole, a stream for all of them
};

}  // namespace pecia::exporting::pdf
