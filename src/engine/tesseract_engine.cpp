#include "tesseract_engine.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <tesseract/baseapi.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <list>
#include <optional>

#include "leptonica_image.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/file.hpp"
#include "pecia/base/text.hpp"
#include "tesseract_reading.hpp"

namespace pecia::engine {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t apis_kept = 4;
constexpr int default_dpi = 300;
constexpr int least_plausible_dpi = 70;
constexpr int most_plausible_dpi = 2400;
constexpr int max_side_px = 32767;  ///< Tesseract counts pixels in 16 bits

struct Api {
  std::string languages;
  std::unique_ptr<tesseract::TessBaseAPI> api;
};

std::unique_ptr<tesseract::TessBaseAPI> quiet_api() {
  auto api = std::make_unique<tesseract::TessBaseAPI>();
  api->SetVariable("debug_file", "/dev/null");
  return api;
}

/// Tesseract's own folder of models, known to it even if it has none.
fs::path data_folder() {
  const auto api = quiet_api();
  api->Init(nullptr, "osd");
  const char* folder = api->GetDatapath();
  return folder ? folder : "";
}

int plausible_dpi(double dpi) {
  return dpi >= least_plausible_dpi && dpi <= most_plausible_dpi ? static_cast<int>(dpi + 0.5) : default_dpi;
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

}  // namespace

struct TesseractEngine::State {
  std::vector<std::string> languages;
  fs::path folder;
  std::string fingerprint;
  std::list<Api> apis;  ///< last used first
  std::optional<std::pair<std::uint64_t, Prepared>> page;

  /// Where the model of a language is; script models may be named without their folder.
  [[nodiscard]] std::optional<std::string> model_of(const std::string& language) const {
    for (const auto& name : {language, "script/" + language}) {
      if (fs::exists(folder / (name + ".traineddata"))) return name;
    }
    return std::nullopt;
  }

  [[nodiscard]] std::string models_of(const std::vector<std::string>& wanted) const {
    std::vector<std::string> models;
    for (const auto& language : wanted) models.push_back(model_of(language).value_or(language));
    return fmt::format("{}", fmt::join(models, "+"));
  }

  tesseract::TessBaseAPI& api_for(const std::vector<std::string>& wanted) {
    const auto models = models_of(wanted);
    const auto kept = std::ranges::find(apis, models, &Api::languages);
    if (kept != apis.end()) {
      apis.splice(apis.begin(), apis, kept);
      return *apis.front().api;
    }
    auto api = quiet_api();
    if (api->Init(folder.c_str(), models.c_str(), tesseract::OEM_DEFAULT) != 0)
      throw Error{fmt::format("Tesseract cannot load the languages {} from {}", models, folder.string())};
    api->SetPageSegMode(tesseract::PSM_AUTO);
    api->SetVariable("thresholding_method", "2");  // Sauvola: better on old prints, equal on others
    apis.push_front({models, std::move(api)});
    if (apis.size() > apis_kept) apis.pop_back();
    return *apis.front().api;
  }

  std::variant<result::Reading, Blank, PageFailure> read(const Prepared& prepared) {
    const auto& image = prepared.image;
    if (image.width_px < 1 || image.height_px < 1) return PageFailure{Reason::engine_failed, "the image has no pixels"};
    if (image.width_px > max_side_px || image.height_px > max_side_px)
      return PageFailure{Reason::too_large, fmt::format("{} x {} pixels; Tesseract reads at most {} a side",
                                                        image.width_px, image.height_px, max_side_px)};
    try {
      auto& api = api_for(prepared.options.languages);
      const auto pix = to_pix(image);
      api.SetImage(pix.get());
      api.SetSourceResolution(plausible_dpi(image.dpi));
      if (api.Recognize(nullptr) != 0) return PageFailure{Reason::engine_failed, "Tesseract gave up on the page"};
      auto reading = reading_of(api, image);
      api.Clear();
      if (reading.words.empty() && has_no_ink(image)) return Blank{};
      return reading;
    } catch (const Error& error) {
      return PageFailure{Reason::engine_failed, error.what()};
    }
  }
};

TesseractEngine::TesseractEngine(std::vector<std::string> languages) : state_{std::make_unique<State>()} {
  state_->languages = std::move(languages);
  state_->folder = data_folder();
  state_->fingerprint = fmt::format("tesseract {} psm 3 sauvola", tesseract::TessBaseAPI::Version());
  for (const auto& language : state_->languages) {
    const auto model = state_->model_of(language);
    if (!model) continue;
    const auto contents = read_file(state_->folder / (*model + ".traineddata"));
    state_->fingerprint += fmt::format(" {}:{}:{:08x}", *model, contents.size(), crc32c(contents));
  }
}

TesseractEngine::~TesseractEngine() = default;

page::ImageRequest TesseractEngine::wants(const page::PageInfo&, const ReadOptions&) const {
  page::ImageRequest request;
  request.pixels = page::ImageRequest::Pixels::gray;
  return request;
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
  for (const auto& language : state_->languages) {
    if (state_->model_of(language)) continue;
    problem += fmt::format(
        "{}Tesseract has no language '{}' (named by engine.languages or a rule of the job). On Debian: apt-get install "
        "{}; elsewhere put {}.traineddata into {}",
        problem.empty() ? "" : ". ", language, package_of(language), language, state_->folder.string());
  }
  return problem;
}

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
