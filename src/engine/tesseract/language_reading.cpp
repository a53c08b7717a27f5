#include "tesseract/language_reading.hpp"

#include <fmt/format.h>
#include <tesseract/baseapi.h>
#include <tesseract/resultiterator.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <set>

#include "leptonica_image.hpp"
#include "pecia/base/error.hpp"
#include "pecia/child/shared_memory.hpp"
#include "sample_protocol.hpp"
#include "tesseract/api_cache.hpp"
#include "tesseract/common_words.hpp"
#include "tesseract/reduced.hpp"
#include "tesseract/scripts.hpp"
#include "tesseract/skew.hpp"

namespace pecia::engine {
namespace {

using Api = tesseract::TessBaseAPI;

/// A rank has as many such processes as threads. To load a model takes a fifth of the time in which it reads a sample.
constexpr std::size_t language_apis_kept = 8;
constexpr std::size_t most_lines = 8;
constexpr std::uint32_t least_word = 3;  ///< letters: shorter words are common to many languages
constexpr float common_of_unlisted =
    0.1F;  ///< of a language whose words are not listed: neither for it nor against it
constexpr float well_read = 0.6F;  ///< confidence
constexpr double least_sample_skew_degrees = 0.4;
constexpr int margin_px = 20;  ///< around the lines of the sample, and between them
/// Lines of a usual height and length, of the median and of the longest one's.
constexpr double least_height = 0.6, most_height = 1.8, least_length = 0.5;

struct TextLine {
  int x = 0, y = 0, width = 0, height = 0;
};

/// Some of a page's lines, over all of its height, in its bilevel image.
std::vector<TextLine> lines_of(Api& api) {
  const std::unique_ptr<Boxa, decltype([](Boxa* boxes) { boxaDestroy(&boxes); })> boxes{
      api.GetComponentImages(tesseract::RIL_TEXTLINE, true, false, 0, nullptr, nullptr, nullptr)};
  std::vector<TextLine> lines;
  for (int n = 0; boxes && n < boxaGetCount(boxes.get()); ++n) {
    TextLine line;
    if (boxaGetBoxGeometry(boxes.get(), n, &line.x, &line.y, &line.width, &line.height) == 0)
      lines.push_back(line);
  }
  if (lines.empty()) return lines;
  auto heights = lines;
  std::ranges::nth_element(heights,
                           heights.begin() + static_cast<std::ptrdiff_t>(heights.size() / 2), {},
                           &TextLine::height);
  const int height = heights[heights.size() / 2].height;
  const int length = std::ranges::max_element(lines, {}, &TextLine::width)->width;
  const auto usual = [&](const TextLine& line) {
    return line.height >= least_height * height && line.height <= most_height * height &&
           line.width >= least_length * length;
  };
  if (std::ranges::count_if(lines, usual) >= 2)
    std::erase_if(lines, [&](const TextLine& line) { return !usual(line); });
  std::vector<TextLine> some;
  const auto count = std::min(most_lines, lines.size());
  for (std::size_t n = 0; n < count; ++n)
    some.push_back(lines[(2 * n + 1) * lines.size() / (2 * count)]);
  return some;
}

/// The lines, one below the other.
PixPointer stacked(Pix* page, const std::vector<TextLine>& lines) {
  int width = 0, height = margin_px;
  for (const auto& line : lines) {
    width = std::max(width, line.width);
    height += line.height + margin_px;
  }
  auto sample = checked(pixCreate(width + 2 * margin_px, height, 1), "no memory for a sample of the page");
  int y = margin_px;
  for (const auto& line : lines) {
    pixRasterop(sample.get(), margin_px, y, line.width, line.height, PIX_SRC, page, line.x, line.y);
    y += line.height + margin_px;
  }
  return sample;
}

std::uint32_t letters_in(const char* utf8) {
  return static_cast<std::uint32_t>(std::ranges::count_if(
      utf8, utf8 + std::strlen(utf8), [](char c) { return (c & 0xC0) != 0x80; }));
}

LanguageScore score_of(Api& api, std::string language) {
  LanguageScore score{std::move(language)};
  const std::unique_ptr<tesseract::ResultIterator> at{api.GetIterator()};
  double confidence = 0, known = 0, letters_of_words = 0, common = 0, words = 0;
  if (!at) return score;
  do {
    const std::unique_ptr<char[]> text{
        at->Empty(tesseract::RIL_WORD) ? nullptr : at->GetUTF8Text(tesseract::RIL_WORD)};
    if (!text) continue;
    const auto letters = letters_in(text.get());
    score.letters += letters;
    confidence +=
        letters *
        std::clamp(static_cast<double>(at->Confidence(tesseract::RIL_WORD)) / 100, 0.0, 1.0);
    if (at->WordIsNumeric() || letters < 2) continue;
    words += 1;
    if (is_common_word(score.language, text.get())) common += 1;
    if (letters < least_word) continue;
    letters_of_words += letters;
    if (at->WordIsFromDictionary()) known += letters;
  } while (at->Next(tesseract::RIL_WORD));
  if (score.letters > 0) score.confidence = static_cast<float>(confidence / score.letters);
  if (letters_of_words > 0) score.known = static_cast<float>(known / letters_of_words);
  if (words > 0) score.common = static_cast<float>(common / words);
  if (!has_common_words(score.language)) score.common = common_of_unlisted;
  return score;
}

}  // namespace

struct LanguageReading::State {
  ApiCache apis;
  std::vector<std::string> installed;
  Orienting orienting;

  Api& api_for(const std::string& language) { return apis.of(apis.model_of(language).value_or(language)); }

  /// What the page's script is; the page is turned upright and level on the way.
  void find_script(PixPointer& pix, int dpi, LanguageSample& sample) {
    const auto found = orienting.of(pix.get(), dpi);
    if (found.sure && found.quarters != 0) pix = turned_quarters(pix.get(), found.quarters).pix;
    // Lines that rise would have parts of their neighbours with them.
    const auto skew = skew_of(reduced(pix.get(), skew_longest_px).gray.get());
    if (skew.sure && std::abs(skew.degrees) > least_sample_skew_degrees)
      pix = turned(pix.get(), skew.degrees).pix;
    sample.script = orienting.script_of(pix.get(), dpi);
  }

  [[nodiscard]] PixPointer lines_alone(Pix* page, int dpi, const std::string& language) {
    auto& api = api_for(language);
    api.SetPageSegMode(tesseract::PSM_AUTO);
    api.SetVariable("thresholding_method", "2");  // Sauvola: right on uneven paper, too
    api.SetImage(page);
    api.SetSourceResolution(dpi);
    const auto lines = lines_of(api);
    const PixPointer bilevel{lines.empty() ? nullptr : api.GetThresholdedImage()};
    api.Clear();
    if (!bilevel) return nullptr;
    return stacked(bilevel.get(), lines);
  }

  [[nodiscard]] LanguageScore read(Pix* lines, int dpi, const std::string& language) {
    auto& api = api_for(language);
    api.SetPageSegMode(tesseract::PSM_SINGLE_BLOCK);
    api.SetVariable("thresholding_method", "0");
    api.SetImage(lines);
    api.SetSourceResolution(dpi);
    LanguageScore score{language};
    if (api.Recognize(nullptr) == 0) score = score_of(api, language);
    api.Clear();
    return score;
  }

  [[nodiscard]] LanguageSample look(const page::Image& page, std::vector<std::string> candidates) {
    LanguageSample sample;
    if (candidates.empty()) return sample;
    const bool has_english = std::ranges::find(candidates, "eng") != candidates.end();
    sample.usual = has_english ? "eng" : candidates.front();
    auto pix = to_pix(page);
    const int dpi = plausible_dpi(page.dpi);
    find_script(pix, dpi, sample);
    const auto lines = lines_alone(pix.get(), dpi, candidates.front());
    if (!lines) return sample;
    const auto others = std::stable_partition(candidates.begin(), candidates.end(), [&](const std::string& language) {
      return sample.script.empty() || script_of(language) == script_of_page(sample.script);
    });
    const auto read_all = [&](auto begin, auto end) {
      for (auto at = begin; at != end; ++at) sample.scores.push_back(read(lines.get(), dpi, *at));
    };
    read_all(candidates.begin(), others);
    // Of letters that none of them reads well the script may be another.
    const auto reads_well = [](const LanguageScore& score) {
      return score.confidence >= well_read;
    };
    if (std::ranges::none_of(sample.scores, reads_well)) read_all(others, candidates.end());
    std::erase_if(sample.scores, [](const LanguageScore& score) { return score.letters == 0; });
    return sample;
  }
};

LanguageReading::LanguageReading(std::filesystem::path models, const std::vector<std::string>& installed)
    : state_{new State{ApiCache{models, tesseract::OEM_LSTM_ONLY, language_apis_kept}, installed, Orienting{models}}} {
  std::erase_if(state_->installed, [](const std::string& name) { return !is_language(name); });
}
LanguageReading::~LanguageReading() = default;

LanguageSample LanguageReading::look(const page::Image& page,
                                     const std::vector<std::string>& candidates) {
  return state_->look(page, candidates.empty() ? state_->installed : candidates);
}

void serve_samples(child::Parent& parent, LanguageReading& reading) {
  while (auto packet = parent.receive()) {
    auto sample = protocol::decode_sample(packet->bytes);
    require(packet->fds.size() == 1, "a page came without its pixels");
    const auto size = sample.image.stride_bytes * static_cast<std::size_t>(sample.image.height_px);
    const auto memory = child::SharedMemory::map(std::move(packet->fds[0]), size);
    sample.image.pixels = memory.bytes();
    LanguageSample found;
    try {
      found = reading.look(sample.image, sample.candidates);
    } catch (const Error& error) {
      fmt::print(stderr, "{}\n", error.what());
    }
    parent.send(protocol::encode(found));
  }
}

}  // namespace pecia::engine
