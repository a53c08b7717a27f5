#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "leptonica_image.hpp"

namespace pecia::engine {

/// Which way up a page is.
struct Orientation {
  int quarters = 0;  ///< to turn it clockwise by, so that it stands upright
  bool sure = false;
  std::string script;    ///< as Tesseract names it, where its model was asked
  std::string evidence;  ///< for a person
};

/// More letters of Latin print reach above their line than below it (Leptonica): that is cheap, and
/// wrong on no page of those measured (docs/performance.md). Where too few letters do, as in other
/// scripts, Tesseract's model `osd` is asked, which keeps loaded; it may not be installed.
class Orienting {
 public:
  /// `models`: Tesseract's folder of models.
  explicit Orienting(std::filesystem::path models);
  ~Orienting();

  /// `pix`: the page at the size at which it is read, at some resolution.
  [[nodiscard]] Orientation of(Pix* pix, int dpi);
  /// The script on an upright page, as Tesseract names it ("Latin", "Fraktur", "Japanese"); empty
  /// where its model is not sure, or not installed.
  [[nodiscard]] std::string script_of(Pix* pix, int dpi);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pecia::engine
