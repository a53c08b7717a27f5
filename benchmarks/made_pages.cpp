#include "made_pages.hpp"

#include <algorithm>
#include <utility>

namespace pecia::bench {
namespace {

constexpr std::size_t vocabulary = 20'000;
constexpr int words_per_page = 300, words_per_line = 9, lines_per_block = 8;
constexpr float left_px = 240, top_px = 300, line_px = 62, letter_px = 22;

}  // namespace

PageMaker::PageMaker(std::uint64_t seed) : random_{seed} {
  // The same words for every seed: a corpus has one vocabulary.
  std::mt19937_64 spelling{1};
  std::uniform_int_distribution length{2, 11};
  std::discrete_distribution<int> letter{8, 2, 3, 4, 13, 2, 2, 5, 7, 1, 1, 4, 3, 7, 8, 2, 1, 6, 6, 9, 3, 1, 2, 1, 2, 1};
  double sum = 0;
  for (std::size_t n = 0; n < vocabulary; ++n) {
    auto& word = words_.emplace_back();
    for (int left = length(spelling); left > 0; --left) word += static_cast<char>('a' + letter(spelling));
    up_to_.push_back(sum += 1 / static_cast<double>(n + 2));
  }
}

const std::string& PageMaker::word() {
  const double at = std::uniform_real_distribution{0.0, up_to_.back()}(random_);
  return words_[static_cast<std::size_t>(std::ranges::lower_bound(up_to_, at) - up_to_.begin())];
}

template <class P>
void PageMaker::close(const result::Reading& reading, std::vector<P>& parts, std::size_t begin) {
  if (begin == reading.words.size()) return;
  auto whole = reading.words[begin];
  for (auto n = begin; n < reading.words.size(); ++n) {
    const auto& word = reading.words[n];
    whole.box.x1 = std::max(whole.box.x1, word.box.x1);
    whole.box.y0 = std::min(whole.box.y0, word.box.y0);
    whole.box.y1 = std::max(whole.box.y1, word.box.y1);
    whole.text_end = word.text_end;
  }
  whole.confidence = confidence();
  parts.push_back({whole});
}

result::PageOutcome PageMaker::outcome() {
  result::PageOutcome outcome;
  outcome.state = result::State::ok;
  outcome.engine = "tesseract";
  outcome.languages = "eng+deu";
  outcome.seconds = std::uniform_real_distribution{0.5F, 4.0F}(random_);
  outcome.geometry.page_width_px = outcome.geometry.page_height_px = 3000;
  outcome.geometry.page_dpi = outcome.geometry.raster_dpi = 300;
  outcome.geometry.raster_width_px = outcome.geometry.raster_height_px = 3000;
  auto& reading = outcome.reading;
  reading.confidence = confidence();
  std::uniform_int_distribution jitter{-3, 3};
  std::size_t line = 0, block = 0;
  float x = left_px, y = top_px;
  for (int n = 1; n <= words_per_page; ++n) {
    const auto& text = word();
    const auto begin = static_cast<std::uint32_t>(reading.text.size());
    const auto shift = static_cast<float>(jitter(random_));
    const float width = letter_px * static_cast<float>(text.size()) + shift;
    reading.text += text;
    reading.words.push_back({{x, y + shift, x + width, y + 40 + shift}, begin, begin + static_cast<std::uint32_t>(text.size()), confidence()});
    x += width + 20;
    reading.text += ' ';
    if (n % words_per_line != 0 && n != words_per_page) continue;
    reading.text.back() = '\n';
    x = left_px;
    y += line_px;
    close(reading, reading.lines, std::exchange(line, reading.words.size()));
    if (n % (words_per_line * lines_per_block) != 0 && n != words_per_page) continue;
    reading.text += '\n';
    close(reading, reading.blocks, std::exchange(block, reading.words.size()));
  }
  return outcome;
}

corpus::PageEvidence PageMaker::evidence() {
  std::uniform_int_distribution<std::uint32_t> any{0, 9999};
  corpus::PageEvidence page;
  page.width_px = static_cast<float>(2400 + any(random_) % 100);
  page.height_px = static_cast<float>(3400 + any(random_) % 100);
  page.coding = corpus::Coding::jpeg;
  page.compressed_bytes = 400'000 + any(random_) * 10;
  page.transitions = static_cast<float>(100'000 + any(random_));
  page.components = static_cast<float>(1000 + any(random_) % 1000);
  page.coverage = static_cast<float>(any(random_)) / 50'000;
  return page;
}

}  // namespace pecia::bench
