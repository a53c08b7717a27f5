#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <optional>
#include <string_view>

#include "leptonica_image.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/version.hpp"
#include "pecia/child/sandbox.hpp"
#include "pecia/engine/serve.hpp"
#include "tesseract/language_reading.hpp"
#include "tesseract/scripts.hpp"
#include "tesseract_engine.hpp"

namespace {

using namespace pecia;

[[noreturn]] void end_out_of_memory() { std::_Exit(engine::out_of_memory_status); }

void* memory_for_pixels(std::size_t bytes) {
  void* memory = std::malloc(bytes);
  if (memory == nullptr) end_out_of_memory();
  return memory;
}

/// Leptonica and Tesseract go on without what they got no memory for, into a fault: the process ends before that.
void end_where_memory_is_short() {
  std::set_new_handler(end_out_of_memory);
  setPixMemoryManager(memory_for_pixels, std::free);
}

void read(engine::TesseractEngine& engine, const page::Image& image, const std::vector<std::string>& languages) {
  engine::ReadOptions options;
  options.languages = languages;
  engine.submit(0, engine.prepare(image, options));
  while (engine.step(std::chrono::seconds{1}).empty()) continue;
}

/// Reads one image, so that all that Tesseract loads or opens while it reads is there before it may open
/// no more than models: among it its own log, which it makes with its first complaint, for which a language
/// that does not exist is asked for.
void warm_up(engine::TesseractEngine& engine, std::vector<std::string> languages) {
  constexpr int width_px = 240, height_px = 80, dpi = 300;
  auto image = page::make_image(width_px, height_px, page::PixelFormat::gray8, dpi);
  std::ranges::fill(image.pixels, std::byte{255});
  for (int y = 24; y < 56; ++y) {  // strokes as of letters: a page without any is not recognised at all
    for (int x = 24; x < 216; x += 12)
      std::fill_n(image.pixels.begin() + y * width_px + x, y % 12 < 3 ? 9 : 4, std::byte{0});
  }
  read(engine, image.image, {"no such language"});
  std::erase(languages, engine::auto_language);  // any may be asked for
  // Where there are many, each page asks for some of them, and all at once would take memory for nothing.
  constexpr std::size_t few = 3;
  if (!languages.empty()) read(engine, image.image, languages.size() > few ? std::vector{languages.front()} : languages);
}

/// The folder, and each model by itself, which may be a link to elsewhere.
child::Sandbox models_alone(const engine::TesseractEngine& engine) {
  child::Sandbox sandbox{{engine.models_folder()}};
  for (const auto& language : engine.installed_languages())
    sandbox.readable.push_back(engine.models_folder() / (language + ".traineddata"));
  return sandbox;
}

}  // namespace

/// Reads pages with Tesseract for the rank that started it. Arguments: the languages it may be asked
/// for, or --sample-languages to find out in which ones documents are; or --version, --list-languages,
/// --sandbox FILE... for a person.
int main(int argc, char** argv) {
  try {
    const std::vector<std::string> arguments{argv + 1, argv + argc};
    const std::string asked = !arguments.empty() && arguments[0].starts_with("--") ? arguments[0] : "";
    end_where_memory_is_short();
    const auto languages = asked.empty() ? arguments : std::vector<std::string>{};
    engine::TesseractEngine engine{languages};
    if (asked == "--list-languages") {
      const auto installed = engine.installed_languages();
      if (std::ranges::none_of(installed, engine::is_language)) return 0;
      for (const auto& model : installed) fmt::print("{}\n", model);
      return 0;
    }
    if (asked == "--version") {
      fmt::print("pecia-tesseract {}, Tesseract {}\n", version(), engine.description().version);
      return 0;
    }
    std::optional<child::Parent> parent;
    const bool samples = asked == "--sample-languages";
    if (asked.empty() || samples) parent.emplace();
    const auto missing = engine.missing_languages();
    warm_up(engine, missing.empty() ? languages : std::vector<std::string>{});
    const auto confinement = child::confine(models_alone(engine));
    if (samples) {
      engine::LanguageReading reading{engine.models_folder(), engine.installed_languages()};
      engine::serve_samples(*parent, reading);
      return 0;
    }
    if (!parent) return child::tell_of(confinement, std::span{arguments}.subspan(1));
    return engine::serve(*parent, engine, missing);
  } catch (const UsageError& error) {
    fmt::print(stderr, "pecia-tesseract: {}\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    fmt::print(stderr, "pecia-tesseract: {}\n", error.what());
    return 1;
  }
}
