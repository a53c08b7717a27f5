#include "protocol.hpp"

#include <algorithm>
#include <cmath>

#include "pecia/base/error.hpp"
#include "pecia/base/text.hpp"

namespace pecia::page::protocol {
namespace {

constexpr std::size_t most_text_bytes = 4096;  ///< that are taken,
constexpr std::size_t most_sent_bytes = 1024;  ///< and that a child sends
constexpr std::size_t most_texts = 64;
/// A side of a page: more than any box and user unit of a sound document make, and still an int.
constexpr double most_length_px = 1e9;

/// What only a rank can know, and what only an engine does to a page, is no document's reason.
bool is_the_childs_to_give(Reason reason) {
  switch (reason) {
    case Reason::checksum_mismatch:
    case Reason::vanished:
    case Reason::child_crashed:
    case Reason::engine_crashed:
    case Reason::engine_timeout:
    case Reason::engine_failed:
    case Reason::poison:
    case Reason::repetition:
    case Reason::no_end:
    case Reason::low_confidence: return false;
    default: return static_cast<std::size_t>(reason) <= all_reasons().size();
  }
}

Reason get_reason(ByteReader& in) {
  const auto reason = in.get<Reason>();
  require(is_the_childs_to_give(reason), "a reason that it cannot have");
  return reason;
}

/// For messages and files: UTF-8, and not endless.
std::string get_detail(ByteReader& in) {
  auto text = in.get_text();
  if (text.size() > most_text_bytes) text.resize(most_text_bytes);
  return to_utf8(text);
}

/// More than any document has; what says so is no document.
constexpr std::size_t most_pages = 1'000'000;

bool is_length(double value) { return std::isfinite(value) && value >= 0; }

void put_probe(ByteWriter& out, const Probe& probe) {
  out.put(probe.format).put(probe.problem).put_text(probe.problem_detail);
  corpus::encode(out, probe.pages);
  out.put(static_cast<std::uint32_t>(probe.chapters.size()));
  for (const auto page : probe.chapters) out.put(page);
  corpus::encode(out, probe.outline);
}

Probe get_probe(ByteReader& in) {
  Probe probe;
  probe.format = in.get<corpus::Format>();
  require(probe.format <= corpus::Format::jpeg2000,  // no office's: it is asked about their PDFs
          "an unknown format");
  probe.problem = get_reason(in);
  probe.problem_detail = get_detail(in);
  probe.pages = corpus::decode_evidence(in);
  require(probe.pages.size() <= most_pages, "more pages than a document can have");
  for (auto& page : probe.pages) {  // of a damaged box, which costs that page alone
    page.width_px = std::clamp(page.width_px, 0.0F, static_cast<float>(most_length_px));
    page.height_px = std::clamp(page.height_px, 0.0F, static_cast<float>(most_length_px));
  }
  probe.chapters.resize(in.get_count(sizeof(std::uint32_t)));
  for (auto& page : probe.chapters) page = in.get<std::uint32_t>();
  require(corpus::are_chapters(probe.chapters, probe.pages.size()), "a chapter that begins nowhere");
  probe.outline = corpus::decode_outline(in, probe.pages.size());
  return probe;
}

void check(const Steps& steps) {
  require(steps.size() <= most_texts, "more steps than are taken");
  for (const auto& step : steps)
    require(step.what.size() + step.detail.size() <= most_text_bytes, "a step of more words than it needs");
}

Rendered get_rendered(ByteReader& in) {
  Rendered rendered{decode_image(in)};
  const auto& image = rendered.image;
  require(is_length(image.dpi) && is_length(image.page_dpi), "an image of impossible resolution");
  check(image.steps);
  return rendered;
}

TextLayer get_text_layer(ByteReader& in) {
  auto layer = decode_text_layer(in);
  require(layer.made_by.size() <= most_text_bytes, "a program of too long a name");
  check(layer.steps);
  return layer;
}

std::string legible(std::string_view text) { return shortened(printable(text), most_sent_bytes); }

void make_legible(Steps& steps) {
  if (steps.size() > most_texts) steps.resize(most_texts);
  for (auto& step : steps) step.detail = legible(step.detail);
}

Hello get_hello(ByteReader& in) {
  Hello hello;
  hello.not_confined.resize(in.get_count(sizeof(std::uint32_t)));
  require(hello.not_confined.size() <= most_texts, "a hello without end");
  for (auto& text : hello.not_confined) text = get_detail(in);
  return hello;
}

Density get_density(ByteReader& in) {
  Density density;
  density.transitions = in.get<float>();
  density.components = in.get<float>();
  density.coverage = in.get<float>();
  const auto is_count = [](float number) { return std::isfinite(number) && number >= 0; };
  require(is_count(density.transitions) && is_count(density.components) && is_count(density.coverage) && density.coverage <= 1,
          "a page of impossible density");
  return density;
}

}  // namespace

void make_legible(Answer& answer) {
  if (auto* failure = std::get_if<Failure>(&answer)) failure->detail = legible(failure->detail);
  if (auto* probe = std::get_if<Probe>(&answer)) probe->problem_detail = legible(probe->problem_detail);
  if (auto* rendered = std::get_if<Rendered>(&answer)) make_legible(rendered->image.steps);
  if (auto* layer = std::get_if<TextLayer>(&answer)) {
    make_legible(layer->steps);
    layer->made_by = legible(layer->made_by);
  }
  if (auto* hello = std::get_if<Hello>(&answer)) {
    if (hello->not_confined.size() > most_texts) hello->not_confined.resize(most_texts);
    for (auto& text : hello->not_confined) text = legible(text);
  }
}

Bytes encode(const Request& request) {
  ByteWriter out;
  out.put(request.verb).put(request.opens).put_text(request.password).put(request.page);
  out.put(request.image.pixels).put(request.image.dpi).put(request.image.longest_side_px).put(request.image.most_pixels).put(request.image.exact);
  out.put(request.max_pixels).put(request.look);
  return std::move(out).bytes();
}

Request decode_request(const Bytes& bytes) {
  ByteReader in{bytes, "request to pecia-page"};
  Request request;
  request.verb = in.get<Verb>();
  request.opens = in.get<std::uint8_t>() != 0;
  request.password = in.get_text();
  request.page = in.get<std::uint32_t>();
  request.image.pixels = in.get<ImageRequest::Pixels>();
  request.image.dpi = in.get<double>();
  request.image.longest_side_px = in.get<int>();
  request.image.most_pixels = in.get<std::uint64_t>();
  request.image.exact = in.get<std::uint8_t>() != 0;
  request.max_pixels = in.get<std::uint64_t>();
  request.look = in.get<bool>();
  in.expect_end();
  require(request.verb >= Verb::probe && request.verb <= Verb::text_layer, "a request of no kind");
  require(request.image.pixels <= ImageRequest::Pixels::rgb && is_length(request.image.dpi) && request.image.longest_side_px >= 0,
          "an image that cannot be made");
  return request;
}

Bytes encode(const Answer& answer) {
  ByteWriter out;
  out.put(static_cast<std::uint8_t>(answer.index()));
  if (const auto* probe = std::get_if<Probe>(&answer)) put_probe(out, *probe);
  if (const auto* info = std::get_if<PageInfo>(&answer)) {
    out.put(info->width_px).put(info->height_px).put(info->page_dpi).put(info->coding).put(info->embedded);
    encode(out, info->text);
  }
  if (const auto* rendered = std::get_if<Rendered>(&answer)) encode(out, rendered->image);
  if (const auto* failure = std::get_if<Failure>(&answer)) out.put(failure->reason).put_text(failure->detail);
  if (const auto* density = std::get_if<Density>(&answer))
    out.put(density->transitions).put(density->components).put(density->coverage);
  if (const auto* office = std::get_if<Office>(&answer)) out.put(office->format);
  if (const auto* hello = std::get_if<Hello>(&answer)) {
    out.put(static_cast<std::uint32_t>(hello->not_confined.size()));
    for (const auto& text : hello->not_confined) out.put_text(text);
  }
  if (const auto* layer = std::get_if<TextLayer>(&answer)) encode(out, *layer);
  return std::move(out).bytes();
}

Answer decode_answer(const Bytes& bytes) {
  ByteReader in{bytes, "answer of pecia-page"};
  Answer answer;
  switch (in.get<std::uint8_t>()) {
    case 0: answer = get_probe(in); break;
    case 1: {
      PageInfo info;
      info.width_px = in.get<double>();
      info.height_px = in.get<double>();
      info.page_dpi = in.get<double>();
      info.coding = in.get<corpus::Coding>();
      info.embedded = in.get<std::uint8_t>() != 0;
      info.text = decode_signs(in);
      require(info.coding <= corpus::Coding::drawn, "an unknown coding");
      require(is_length(info.width_px) && is_length(info.height_px) && is_length(info.page_dpi), "a page of impossible size");
      info.width_px = std::min(info.width_px, most_length_px);
      info.height_px = std::min(info.height_px, most_length_px);
      answer = info;
      break;
    }
    case 2: answer = get_rendered(in); break;
    case 3: {
      Failure failure;
      failure.reason = get_reason(in);
      require(failure.reason != Reason::none, "a failure without a reason");
      failure.detail = get_detail(in);
      answer = std::move(failure);
      break;
    }
    case 4: answer = get_density(in); break;
    case 5: answer = get_hello(in); break;
    case 6: answer = get_text_layer(in); break;
    case 7: {
      const Office office{in.get<corpus::Format>()};
      require(corpus::is_office(office.format), "an unknown format");
      answer = office;
      break;
    }
    default: throw Error{"an unknown kind of answer"};
  }
  in.expect_end();
  return answer;
}

}  // namespace pecia::page::protocol
