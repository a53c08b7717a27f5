#include "text_layer.hpp"

#include <fmt/format.h>

#include <utility>

namespace pecia::app {
namespace {

using Act = LayerDecision::Act;

LayerDecision decided(Act act, std::string detail) { return {act, Step{"text_layer", std::move(detail)}}; }

result::Part part_of(const page::TextPart& from) {
  result::Part part;
  part.box = {from.x0, from.y0, from.x1, from.y1};
  part.text_begin = from.text_begin;
  part.text_end = from.text_end;
  part.confidence = from.confidence;
  return part;
}

/// The mean over the words within, weighted by their length.
float confidence_of(const page::TextPart& whole, const std::vector<page::TextPart>& words, std::size_t& first) {
  double sum = 0, bytes = 0;
  for (; first < words.size() && words[first].text_begin < whole.text_end; ++first) {
    const double length = words[first].text_end - words[first].text_begin;
    sum += length * static_cast<double>(words[first].confidence);
    bytes += length;
  }
  return bytes > 0 ? static_cast<float>(std::min(1.0, sum / bytes)) : 1;
}

}  // namespace

bool needs_layer(TextLayerPolicy policy, const page::TextSigns& signs) {
  if (!signs.may_be_text()) return false;
  switch (policy) {
    case TextLayerPolicy::ignore:
    case TextLayerPolicy::redo: return false;
    case TextLayerPolicy::keep:
    case TextLayerPolicy::skip: return true;
    case TextLayerPolicy::automatic: return why_not_born_digital(signs).empty();
  }
  return false;
}

bool needs_look(TextLayerPolicy policy) { return policy == TextLayerPolicy::automatic; }

LayerDecision decide(TextLayerPolicy policy, const page::TextSigns& signs) {
  if (!signs.may_be_text()) return {};
  const auto layer = signs.known ? fmt::format("a layer of {} bytes of text, {}", signs.bytes(), summary(signs)) : summary(signs);
  if (policy == TextLayerPolicy::ignore) return decided(Act::read, fmt::format("ignored: {}", layer));
  if (policy == TextLayerPolicy::redo) return decided(Act::read, fmt::format("redo: {}", layer));
  return decided(Act::read, fmt::format("read: {}; {}", why_not_born_digital(signs), layer));
}

LayerDecision decide(TextLayerPolicy policy, const page::TextEvidence& evidence) {
  if (policy == TextLayerPolicy::skip && evidence.words > 0) return decided(Act::skip, fmt::format("skipped: {}", summary(evidence)));
  if (evidence.words == 0 || evidence.cut_short || policy == TextLayerPolicy::automatic) {
    const auto why = why_unsound(evidence);
    if (!why.empty()) return decided(Act::read, fmt::format("read: {}; {}", why, summary(evidence)));
  }
  return decided(Act::keep, fmt::format("kept: {}", summary(evidence)));
}

LayerDecision read_for(const page::Failure& failure) {
  return decided(Act::read, fmt::format("read: the text cannot be taken from the page ({}): {}", name(failure.reason), failure.detail));
}

result::Reading reading_of(page::TextLayer layer) {
  result::Reading reading;
  std::size_t first = 0;
  for (const auto& block : layer.blocks) {
    result::Block made;
    static_cast<result::Part&>(made) = part_of(block);
    made.confidence = confidence_of(block, layer.words, first);
    reading.blocks.push_back(std::move(made));
  }
  first = 0;
  for (const auto& line : layer.lines) {
    reading.lines.push_back(part_of(line));
    reading.lines.back().confidence = confidence_of(line, layer.words, first);
  }
  for (const auto& word : layer.words) reading.words.push_back(part_of(word));
  first = 0;
  page::TextPart whole;
  whole.text_end = static_cast<std::uint32_t>(layer.text.size());
  reading.confidence = confidence_of(whole, layer.words, first);
  reading.text = std::move(layer.text);
  return reading;
}

result::Geometry geometry_of(const page::TextLayer& layer) {
  result::Geometry geometry;
  geometry.page_width_px = static_cast<float>(layer.page_width_px);
  geometry.page_height_px = static_cast<float>(layer.page_height_px);
  geometry.page_dpi = static_cast<float>(layer.page_dpi);
  geometry.embedded = layer.embedded;
  return geometry;
}

}  // namespace pecia::app
