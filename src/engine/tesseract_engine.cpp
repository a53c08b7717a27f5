#include "tesseract_engine.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <tesseract/baseapi.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <new>
#include <optional>

#include "leptonica_image.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/file.hpp"
#include "pecia/base/text.hpp"
#include "pecia/engine/language_sampler.hpp"
#include "tesseract/api_cache.hpp"
#include "tesseract/blank.hpp"
#include "tesseract/fraktur.hpp"
#include "tesseract/long_s.hpp"
#include "tesseract/page_parts.hpp"
#include "tesseract/part_reading.hpp"
#include "tesseract/scripts.hpp"
#include "tesseract_request.hpp"

namespace pecia::engine {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t reading_apis_kept = 4;
constexpr int least_read_side_px = 8;

/// Tesseract's own folder of models, known to it even if it has none.
fs::path data_folder() {
  const auto api = quiet_api();
  api->Init(nullptr, "osd");
  const char* folder = api->GetDatapath();
  return folder ? folder : "";
}

/// Debian's name of the package that has a language.
std::string package_of(std::string language) {
  std::ranges::replace(language, '_', '-');
  std::ranges::transform(language, language.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  if (language == "fraktur" || language == "script/fraktur") return "tesseract-ocr-script-frak";
  if (language.starts_with("script/")) return "tesseract-ocr-script-" + language.substr(7, 4);
  return "tesseract-ocr-" + language;
}

Blank blank_page(const Blankness& seen) {
  Blank blank;
  blank.reading.steps.push_back({"blank", seen.evidence});
  return blank;
}

}  // namespace

struct TesseractEngine::State {
  std::vector<std::string> languages;
  bool finds_out = false;  ///< any language that is installed may be asked for
  fs::path folder;
  std::string fingerprint;
  std::optional<ApiCache> apis;
  std::optional<Orienting> orienting;
  std::optional<std::pair<std::uint64_t, Prepared>> page;

  [[nodiscard]] std::string models_of(const std::vector<std::string>& wanted) const {
    std::vector<std::string> models;
    for (const auto& language : wanted) models.push_back(apis->model_of(language).value_or(language));
    return fmt::format("{}", fmt::join(models, "+"));
  }

  /// What was in the middle of something may be in any state; and the next page has all memory that there is.
  PageFailure out_of_memory(const std::string& what) {
    apis->clear();
    orienting.emplace(folder);
    return {Reason::out_of_memory, what};
  }

  /// Where there are more languages than their models are kept, the letters stay: each word would have them loaded again.
  [[nodiscard]] result::Reading with_old_letters(result::Reading reading, const std::vector<std::string>& of) {
    if (of.empty() || of.size() > reading_apis_kept) return reading;
    // Tesseract asks the dictionary of the first of its languages alone: the others' are asked with their own models.
    std::vector<std::string> dictionaries{models_of(of)};
    for (auto other = of.begin() + 1; other != of.end(); ++other) dictionaries.push_back(models_of({*other}));
    const auto known = [&](const std::string& word) {
      return std::ranges::any_of(dictionaries, [&](const auto& models) { return apis->of(models).IsValidWord(word.c_str()) != 0; });
    };
    if (is_fraktur(of)) reading = with_fraktur_glyphs(std::move(reading), known);
    return with_long_s(std::move(reading), known);
  }

  std::variant<result::Reading, Blank, PageFailure> read(const Prepared& prepared) {
    const auto& image = prepared.image;
    if (image.width_px < 1 || image.height_px < 1) return PageFailure{Reason::engine_failed, "the image has no pixels"};
    if (image.width_px > tesseract_longest_side_px || image.height_px > tesseract_longest_side_px)
      return PageFailure{Reason::too_large, fmt::format("{} x {} pixels; Tesseract reads at most {} a side",
                                                        image.width_px, image.height_px, tesseract_longest_side_px)};
    if (std::min(image.width_px, image.height_px) < least_read_side_px)
      return blank_page({true, fmt::format("{} x {} pixels have no room for a letter", image.width_px, image.height_px)});
    try {
      const auto models = models_of(prepared.options.languages);
      auto pix = to_pix(image);
      const auto blankness = prepared.options.find_blank ? blankness_of(pix.get()) : Blankness{};
      if (blankness.blank) return blank_page(blankness);
      auto& api = apis->of(models);
      auto reading = read_parts(parts_of(std::move(pix), image, prepared.options, *orienting),
                                [&](const PagePart& part) { return read_part(api, part, image.dpi, prepared.options); });
      if (reading.words.empty() && !prepared.options.find_blank) {
        const auto seen = blankness_of(to_pix(image).get());
        if (seen.blank) return blank_page(seen);
      }
      return prepared.options.mend_old_letters ? with_old_letters(std::move(reading), prepared.options.languages) : reading;
    } catch (const MemoryError& error) {
      return out_of_memory(error.what());
    } catch (const std::bad_alloc&) {
      return out_of_memory("no memory to read the page");
    } catch (const Error& error) {
      return PageFailure{Reason::engine_failed, error.what()};
    }
  }
};

TesseractEngine::TesseractEngine(std::vector<std::string> languages) : state_{std::make_unique<State>()} {
  state_->languages = std::move(languages);
  state_->folder = data_folder();
  state_->apis.emplace(state_->folder, tesseract::OEM_DEFAULT, reading_apis_kept);
  state_->orienting.emplace(state_->folder);
  state_->fingerprint = fmt::format("tesseract {} rules 5", tesseract::TessBaseAPI::Version());
  state_->finds_out = std::erase(state_->languages, auto_language) > 0;
  if (state_->finds_out) {
    // To read all of them would take seconds where all that there are are installed.
    for (const auto& name : installed_languages())
      state_->fingerprint += fmt::format(" {}:{}", name, fs::file_size(state_->folder / (name + ".traineddata")));
  }
  for (const auto& language : state_->languages) {
    const auto model = state_->apis->model_of(language);
    if (!model) continue;
    const auto contents = read_file(state_->folder / (*model + ".traineddata"));
    state_->fingerprint += fmt::format(" {}:{}:{:08x}", *model, contents.size(), crc32c(contents));
  }
}

TesseractEngine::~TesseractEngine() = default;

page::ImageRequest TesseractEngine::wants(const page::PageInfo&, const ReadOptions&) const {
  return tesseract_request();
}

Prepared TesseractEngine::prepare(const page::Image& image, const ReadOptions& options) const {
  return {image, options, image.pixels.size()};
}

Room TesseractEngine::room() const { return {state_->page ? 0 : 1, std::size_t{1} << 30}; }

void TesseractEngine::submit(std::uint64_t ticket, Prepared page) {
  require(!state_->page, "a page was submitted to an engine without room");
  state_->page.emplace(ticket, std::move(page));
}

std::vector<Completion> TesseractEngine::step(std::chrono::milliseconds) {
  if (!state_->page) return {};
  const auto [ticket, prepared] = std::move(*state_->page);
  state_->page.reset();
  const auto began = std::chrono::steady_clock::now();
  Completion completion;
  completion.ticket = ticket;
  completion.result = state_->read(prepared);
  completion.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  std::vector<Completion> done;
  done.push_back(std::move(completion));
  return done;
}

void TesseractEngine::cancel(std::uint64_t ticket) {
  if (state_->page && state_->page->first == ticket) state_->page.reset();
}

Description TesseractEngine::description() const {
  return {"tesseract", tesseract::TessBaseAPI::Version(), state_->fingerprint};
}

std::string TesseractEngine::missing_languages() const {
  std::string problem;
  if (state_->finds_out && std::ranges::none_of(installed_languages(), is_language))
    problem = fmt::format("the job says languages: auto, and Tesseract has none in {}. On Debian: apt-get install {}",
                          state_->folder.string(), package_of("eng"));
  for (const auto& language : state_->languages) {
    if (state_->apis->model_of(language)) continue;
    problem += fmt::format(
        "{}Tesseract has no language '{}' (named by engine.languages or a rule of the job). On Debian: apt-get install "
        "{}; elsewhere put {}.traineddata into {}",
        problem.empty() ? "" : ". ", language, package_of(language), language, state_->folder.string());
  }
  return problem;
}

fs::path TesseractEngine::models_folder() const { return state_->folder; }

std::vector<std::string> TesseractEngine::installed_languages() const {
  std::vector<std::string> names;
  std::error_code ignored;
  for (const auto& entry : fs::recursive_directory_iterator{state_->folder, ignored}) {
    if (entry.path().extension() != ".traineddata") continue;
    names.push_back(entry.path().lexically_relative(state_->folder).replace_extension().string());
  }
  std::ranges::sort(names);
  return names;
}

}  // namespace pecia::engine
