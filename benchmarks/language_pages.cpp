// In which language pages are taken to be: bench_language_pages IMAGE... prints what each of
// Tesseract's languages makes of a sample of each page, and which would be chosen for the page
// alone.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>
#include <cstring>

#include "pecia/base/error.hpp"
#include "tesseract/language_reading.hpp"

namespace {

using namespace pecia;

page::Image image_in(const std::string& file) {
  engine::PixPointer pix{pixRead(file.c_str())};
  require(pix != nullptr, "cannot read " + file);
  const bool bilevel = pixGetDepth(pix.get()) == 1;
  if (!bilevel) pix.reset(pixConvertTo8(pix.get(), 0));
  const auto format = bilevel ? page::PixelFormat::gray1 : page::PixelFormat::gray8;
  auto made = page::make_image(pixGetWidth(pix.get()), pixGetHeight(pix.get()), format, 300);
  const auto bytes = page::row_bytes(format, made.image.width_px);
  pixEndianByteSwap(pix.get());
  for (int y = 0; y < made.image.height_px; ++y)
    std::memcpy(made.pixels.data() + static_cast<std::size_t>(y) * made.image.stride_bytes,
                pixGetData(pix.get()) + static_cast<std::ptrdiff_t>(y) * pixGetWpl(pix.get()),
                bytes);
  return made.image;
}

}  // namespace

int main(int argc, char** argv) {
  const engine::TesseractEngine tesseract{{}};
  engine::LanguageReading reading{tesseract.models_folder(), tesseract.installed_languages()};
  for (int n = 1; n < argc; ++n) {
    const auto page = image_in(argv[n]);
    const auto begin = std::chrono::steady_clock::now();
    const auto sample = reading.look(page, {});
    const double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    const auto choice = engine::choose_languages({&sample, 1});
    fmt::print("{}\t{}\t{}\t{:.2f}", argv[n], fmt::join(choice.languages, "+"), sample.script,
               seconds);
    for (const auto& score : sample.scores)
      fmt::print("\t{} {:.2f} {:.2f} {:.2f} {}", score.language, score.confidence, score.known,
                 score.common, score.letters);
    fmt::print("\n");
    std::fflush(stdout);
  }
  return 0;
}
