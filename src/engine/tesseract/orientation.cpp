#include "tesseract/orientation.hpp"

#include <fmt/format.h>
#include <tesseract/baseapi.h>

#include <utility>

#include "pecia/base/error.hpp"
#include "tesseract/reduced.hpp"

namespace pecia::engine {
namespace {

namespace fs = std::filesystem;

/// How much likelier than the next best the model must find it: the same for its orientation and
/// its script.
constexpr float least_orientation_confidence = 3, least_script_confidence = 1;
/// Leptonica's own values for letters that are counted.
constexpr float least_letters_score = 8, least_ratio = 2.5;
constexpr int letters_longest_px = 2400;

struct Seen {
  bool found = false;
  int degrees = 0;
  float confidence = 0, script_confidence = 0;
  std::string script;
};

/// Leptonica's words for where the page's top is, as turns that bring it up.
int quarters_of(int decision) {
  switch (decision) {
    case L_TEXT_ORIENT_LEFT:
      return 1;
    case L_TEXT_ORIENT_DOWN:
      return 2;
    case L_TEXT_ORIENT_RIGHT:
      return 3;
    default:
      return 0;
  }
}

Orientation by_letters(Pix* pix) {
  Orientation orientation;
  const auto small = reduced(pix, letters_longest_px);
  const auto ink = ink_of(small.gray.get());
  float up = 0, left = 0;
  int decision = L_TEXT_ORIENT_UNKNOWN;
  if (pixOrientDetect(ink.get(), &up, &left, 0, 0) != 0 ||
      makeOrientDecision(up, left, least_letters_score, least_ratio, &decision, 0) != 0)
    return orientation;
  orientation.quarters = quarters_of(decision);
  orientation.sure = decision != L_TEXT_ORIENT_UNKNOWN;
  orientation.evidence = fmt::format(
      "ascenders against descenders: score {:.0f} upwards, {:.0f} to the left", up, left);
  return orientation;
}

}  // namespace

struct Orienting::State {
  fs::path models;
  std::unique_ptr<tesseract::TessBaseAPI> api;
  bool tried = false;

  [[nodiscard]] tesseract::TessBaseAPI* model() {
    if (std::exchange(tried, true)) return api.get();
    if (!fs::exists(models / "osd.traineddata")) return nullptr;
    auto made = std::make_unique<tesseract::TessBaseAPI>();
    made->SetVariable("debug_file", "/dev/null");
    if (made->Init(models.c_str(), "osd", tesseract::OEM_TESSERACT_ONLY) != 0) return nullptr;
    made->SetPageSegMode(tesseract::PSM_OSD_ONLY);
    api = std::move(made);
    return api.get();
  }

  [[nodiscard]] Seen look(Pix* pix, int dpi) {
    auto* osd = model();
    if (osd == nullptr) return {};
    Seen seen;
    osd->SetImage(pix);
    osd->SetSourceResolution(dpi);
    const char* script = nullptr;
    seen.found = osd->DetectOrientationScript(&seen.degrees, &seen.confidence, &script,
                                              &seen.script_confidence);
    if (seen.found && script != nullptr) seen.script = script;
    osd->Clear();
    return seen;
  }
};

Orienting::Orienting(fs::path models) : state_{std::make_unique<State>()} {
  state_->models = std::move(models);
}
Orienting::~Orienting() = default;

Orientation Orienting::of(Pix* pix, int dpi) {
  auto orientation = by_letters(pix);
  if (orientation.sure) return orientation;
  const auto seen = state_->look(pix, dpi);
  if (!seen.found) return orientation;
  orientation.script = seen.script;
  // What it calls its orientation is how far the page was turned clockwise.
  orientation.quarters = (4 - seen.degrees / 90) % 4;
  orientation.sure = seen.confidence >= least_orientation_confidence;
  orientation.evidence = fmt::format("Tesseract's osd, confidence {:.1f}", seen.confidence);
  return orientation;
}

std::string Orienting::script_of(Pix* pix, int dpi) {
  const auto seen = state_->look(pix, dpi);
  return seen.found && seen.script_confidence >= least_script_confidence ? seen.script
                                                                         : std::string{};
}

}  // namespace pecia::engine
