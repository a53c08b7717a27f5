#include "tesseract_reading.hpp"

#include <tesseract/resultiterator.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "page_box.hpp"
#include "pecia/base/text.hpp"

namespace pecia::engine {
namespace {

using tesseract::PageIteratorLevel;
using result::Part;

template <class Iterator>
std::string text_at(const Iterator& at, PageIteratorLevel level) {
  const std::unique_ptr<char[]> text{at.GetUTF8Text(level)};
  return text ? to_utf8(text.get()) : std::string{};
}

float confidence_at(const tesseract::LTRResultIterator& at, PageIteratorLevel level) {
  return std::clamp(at.Confidence(level) / 100.0F, 0.0F, 1.0F);
}

/// Tesseract's `ResultIterator` puts words of both directions in order, for which it goes through the page from its
/// beginning several times a word: 3 % of the time of a page of 400 words. Others need but the iterator that it is made of.
bool all_from_left_to_right(tesseract::LTRResultIterator at) {
  do {
    const auto direction = at.Empty(tesseract::RIL_WORD) ? tesseract::DIR_NEUTRAL : at.WordDirection();
    if (direction == tesseract::DIR_RIGHT_TO_LEFT || direction == tesseract::DIR_MIX) return false;
  } while (at.Next(tesseract::RIL_WORD));
  return true;
}

/// Collects one page; text only grows, so that ranges given out stay right.
class Collector {
 public:
  Collector(const page::Affine& to_page, const std::vector<std::string>& languages) : to_page_{to_page}, languages_{languages} {}

  /// Tesseract gives pictures and rules words of white space: they make no block and no line.
  template <class Iterator>
  void operator()(Iterator& at) {
    bool new_block = false, new_line = false;
    do {
      new_block = new_block || at.IsAtBeginningOf(tesseract::RIL_PARA);
      new_line = new_line || at.IsAtBeginningOf(tesseract::RIL_TEXTLINE);
      const auto text = at.Empty(tesseract::RIL_WORD) ? std::string{} : text_at(at, tesseract::RIL_WORD);
      if (text.find_first_not_of(" \t\n") == std::string::npos) continue;
      if (std::exchange(new_block, false)) begin_block(at);
      if (std::exchange(new_line, false)) begin_line(at);
      add_word(at, text);
    } while (at.Next(tesseract::RIL_WORD));
    end_block();
  }

  [[nodiscard]] result::Reading finish() {
    double weighted = 0, weights = 0;
    for (const auto& word : reading_.words) {
      const double weight = word.text_end - word.text_begin;
      weighted += weight * static_cast<double>(word.confidence);
      weights += weight;
    }
    reading_.confidence = weights > 0 ? static_cast<float>(weighted / weights) : 0;
    return std::move(reading_);
  }

 private:
  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(reading_.text.size()); }

  [[nodiscard]] Part part_at(const tesseract::LTRResultIterator& at, PageIteratorLevel level) const {
    Part part;
    int left = 0, top = 0, right = 0, bottom = 0;
    at.BoundingBox(level, &left, &top, &right, &bottom);
    part.box = on_page(to_page_, left, top, right, bottom);
    part.confidence = confidence_at(at, level);
    return part;
  }

  /// Of one language the page says so itself.
  [[nodiscard]] std::uint32_t language_at(const tesseract::LTRResultIterator& at) const {
    const char* model = languages_.size() > 1 ? at.WordRecognitionLanguage() : nullptr;
    return model == nullptr ? 0 : place_of_model(model, languages_);
  }

  void begin_block(const tesseract::LTRResultIterator& at) {
    end_block();
    if (!reading_.text.empty()) reading_.text += '\n';  // an empty line
    reading_.blocks.push_back({part_at(at, tesseract::RIL_PARA)});
    reading_.blocks.back().text_begin = reading_.blocks.back().text_end = size();
    block_open_ = true;
  }

  void end_block() {
    if (block_open_) reading_.blocks.back().text_end = line_end_;
    block_open_ = false;
  }

  template <class Iterator>
  void begin_line(const Iterator& at) {
    auto text = text_at(at, tesseract::RIL_TEXTLINE);
    while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
    auto line = part_at(at, tesseract::RIL_TEXTLINE);
    line.text_begin = cursor_ = size();
    reading_.text += text;
    line.text_end = line_end_ = size();
    reading_.text += '\n';
    reading_.lines.push_back(line);
  }

  /// Words stand in their line's text in this order; what is between them is Tesseract's spacing.
  void add_word(const tesseract::LTRResultIterator& at, const std::string& text) {
    auto word = part_at(at, tesseract::RIL_WORD);
    const auto found = reading_.text.find(text, cursor_);
    const bool located = found != std::string::npos && found + text.size() <= line_end_;
    word.text_begin = located ? static_cast<std::uint32_t>(found) : cursor_;
    word.text_end = located ? static_cast<std::uint32_t>(found + text.size()) : cursor_;
    cursor_ = word.text_end;
    word.language = language_at(at);
    reading_.words.push_back(word);
  }

  const page::Affine& to_page_;
  const std::vector<std::string>& languages_;
  result::Reading reading_;
  bool block_open_ = false;
  std::uint32_t cursor_ = 0;    ///< behind the last word located
  std::uint32_t line_end_ = 0;  ///< of the last line's text
};

}  // namespace

std::uint32_t place_of_model(std::string_view model, const std::vector<std::string>& languages) {
  constexpr std::string_view of_scripts = "script/", vertical = "_vert";
  const auto place_of = [&](std::string_view name) -> std::uint32_t {
    const auto found = std::ranges::find(languages, name);
    return found == languages.end() ? 0 : static_cast<std::uint32_t>(found - languages.begin()) + 1;
  };
  auto place = place_of(model);
  if (place == 0 && model.starts_with(of_scripts)) place = place_of_model(model.substr(of_scripts.size()), languages);
  if (place == 0 && model.ends_with(vertical)) place = place_of(model.substr(0, model.size() - vertical.size()));
  return place;
}

result::Reading reading_of(tesseract::TessBaseAPI& api, const page::Affine& to_page, const std::vector<std::string>& languages) {
  Collector collect{to_page, languages};
  const std::unique_ptr<tesseract::ResultIterator> in_order{api.GetIterator()};
  if (!in_order) return collect.finish();
  tesseract::LTRResultIterator plain{*in_order};
  plain.Begin();
  if (all_from_left_to_right(plain))
    collect(plain);
  else
    collect(*in_order);
  return collect.finish();
}

}  // namespace pecia::engine
