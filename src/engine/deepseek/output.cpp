#include "output.hpp"

#include <algorithm>
#include <cmath>

#include "../page_box.hpp"
#include "markup.hpp"
#include "pecia/base/error.hpp"

namespace pecia::engine::deepseek {
namespace {

using result::BlockKind;

constexpr double full_scale = 999;
/// Of a token that the model all but excluded, or whose probability is no number.
constexpr double least_log_probability = -1e4;

/// The output as text, and which token each byte of it comes from.
class Output {
 public:
  Output(const Generated& generated, const Tokenizer& tokenizer, std::int32_t eos_id) {
    auto count = generated.ids.size();
    require(generated.log_probabilities.size() == count,
            "the engine has other log-probabilities than tokens");
    if (count > 0 && generated.ids.back() == eos_id) --count;
    Utf8Stream characters;
    double sum = 0;
    for (std::size_t n = 0; n < count; ++n) {
      text_ += characters.push(tokenizer.bytes_of(generated.ids[n]));
      ends_.push_back(text_.size());
      const auto value = static_cast<double>(generated.log_probabilities[n]);
      sum +=
          value > least_log_probability ? std::min(value, 0.0) : least_log_probability;  // NaN, too
      sums_.push_back(sum);
    }
    text_ += characters.finish();
    if (!ends_.empty()) ends_.back() = text_.size();
  }

  [[nodiscard]] const std::string& text() const noexcept { return text_; }

  /// exp of the mean log-probability of the tokens that these bytes come from.
  [[nodiscard]] float confidence(Span bytes) const {
    const auto first = std::upper_bound(ends_.begin(), ends_.end(), bytes.begin) - ends_.begin();
    const auto last = std::lower_bound(ends_.begin(), ends_.end(), bytes.end) - ends_.begin();
    const auto end = std::min(last + 1, std::ssize(ends_));
    if (first >= end) return 0;
    const auto sum_before = [&](std::ptrdiff_t n) {
      return n > 0 ? sums_[static_cast<std::size_t>(n - 1)] : 0;
    };
    const auto mean = (sum_before(end) - sum_before(first)) / static_cast<double>(end - first);
    return static_cast<float>(std::exp(mean));
  }

 private:
  std::string text_;
  std::vector<std::size_t> ends_;  ///< of what is whole with each token
  std::vector<double> sums_;       ///< of log-probabilities, up to each token
};

BlockKind kind_of(const std::string& label) {
  if (label == "table") return BlockKind::table;
  if (label == "equation" || label == "formula") return BlockKind::formula;
  if (label == "image") return BlockKind::image;
  return BlockKind::text;
}

/// `image`: the page before it was turned by a quarter clockwise.
result::Box box_on_page(const MarkupBox& box, const page::Image& image, bool was_rotated) {
  const double width = was_rotated ? image.height_px : image.width_px;
  const double height = was_rotated ? image.width_px : image.height_px;
  const double left = box[0] / full_scale * width, right = box[2] / full_scale * width;
  const double top = box[1] / full_scale * height, bottom = box[3] / full_scale * height;
  if (!was_rotated) return on_page(image.to_page, left, top, right, bottom);
  return on_page(image.to_page, top, image.height_px - right, bottom, image.height_px - left);
}

result::Box around(const std::vector<result::Box>& boxes) {
  auto all = boxes.front();
  for (const auto& box : boxes)
    all = {std::min(all.x0, box.x0), std::min(all.y0, box.y0), std::max(all.x1, box.x1),
           std::max(all.y1, box.y1)};
  return all;
}

/// By length of the text.
float mean_confidence(const std::vector<result::Block>& blocks, float otherwise) {
  double weighted = 0, weights = 0;
  for (const auto& block : blocks) {
    const double weight = block.text_end - block.text_begin;
    weighted += weight * static_cast<double>(block.confidence);
    weights += weight;
  }
  return weights > 0 ? static_cast<float>(weighted / weights) : otherwise;
}

}  // namespace

result::Reading to_reading(const Generated& generated, const Tokenizer& tokenizer,
                           std::int32_t eos_id, const page::Image& image, bool was_rotated) {
  const Output output{generated, tokenizer, eos_id};
  auto markup = parse_markup(output.text());
  result::Reading reading;
  reading.finish_reason = generated.finish_reason;
  reading.raw = output.text();
  reading.ids = generated.ids;
  reading.text = std::move(markup.text);
  for (auto& from : markup.blocks) {
    auto& block = reading.blocks.emplace_back();
    for (const auto& box : from.boxes) block.boxes.push_back(box_on_page(box, image, was_rotated));
    if (!block.boxes.empty()) block.box = around(block.boxes);
    if (block.boxes.size() == 1) block.boxes.clear();
    block.text_begin = static_cast<std::uint32_t>(from.text.begin);
    block.text_end = static_cast<std::uint32_t>(from.text.end);
    block.confidence = output.confidence(from.output);
    block.kind = kind_of(from.label);
    block.label = std::move(from.label);
    block.unparsed = from.unparsed;
  }
  reading.confidence =
      mean_confidence(reading.blocks, output.confidence({0, output.text().size()}));
  return reading;
}

}  // namespace pecia::engine::deepseek
