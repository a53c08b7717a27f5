#include "protocol.hpp"

#include <cmath>

#include "pecia/base/error.hpp"

namespace pecia::page::protocol {
namespace {

Reason get_reason(ByteReader& in) {
  const auto reason = in.get<Reason>();
  require(static_cast<std::size_t>(reason) <= all_reasons().size(), "an unknown reason");
  return reason;
}

bool is_length(double value) { return std::isfinite(value) && value >= 0; }

void put_probe(ByteWriter& out, const Probe& probe) {
  out.put(probe.format).put(probe.problem).put_text(probe.problem_detail);
  corpus::encode(out, probe.pages);
  out.put(static_cast<std::uint32_t>(probe.chapters.size()));
  for (const auto page : probe.chapters) out.put(page);
}

Probe get_probe(ByteReader& in) {
  Probe probe;
  probe.format = in.get<corpus::Format>();
  require(probe.format <= corpus::Format::jpeg2000, "an unknown format");
  probe.problem = get_reason(in);
  probe.problem_detail = in.get_text();
  probe.pages = corpus::decode_evidence(in);
  probe.chapters.resize(in.get_count(sizeof(std::uint32_t)));
  for (auto& page : probe.chapters) page = in.get<std::uint32_t>();
  require(corpus::are_chapters(probe.chapters, probe.pages.size()), "a chapter that begins nowhere");
  return probe;
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

Bytes encode(const Request& request) {
  ByteWriter out;
  out.put(request.verb).put(request.opens).put(request.format).put_text(request.password).put(request.page);
  out.put(request.image.pixels).put(request.image.dpi).put(request.image.longest_side_px).put(request.image.exact);
  out.put(request.max_pixels);
  return std::move(out).bytes();
}

Request decode_request(const Bytes& bytes) {
  ByteReader in{bytes, "request to pecia-page"};
  Request request;
  request.verb = in.get<Verb>();
  request.opens = in.get<std::uint8_t>() != 0;
  request.format = in.get<corpus::Format>();
  request.password = in.get_text();
  request.page = in.get<std::uint32_t>();
  request.image.pixels = in.get<ImageRequest::Pixels>();
  request.image.dpi = in.get<double>();
  request.image.longest_side_px = in.get<int>();
  request.image.exact = in.get<std::uint8_t>() != 0;
  request.max_pixels = in.get<std::uint64_t>();
  in.expect_end();
  return request;
}

Bytes encode(const Answer& answer) {
  ByteWriter out;
  out.put(static_cast<std::uint8_t>(answer.index()));
  if (const auto* probe = std::get_if<Probe>(&answer)) put_probe(out, *probe);
  if (const auto* info = std::get_if<PageInfo>(&answer))
    out.put(info->width_px).put(info->height_px).put(info->page_dpi).put(info->coding).put(info->embedded);
  if (const auto* rendered = std::get_if<Rendered>(&answer)) encode(out, rendered->image);
  if (const auto* failure = std::get_if<Failure>(&answer)) out.put(failure->reason).put_text(failure->detail);
  if (const auto* density = std::get_if<Density>(&answer))
    out.put(density->transitions).put(density->components).put(density->coverage);
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
      require(info.coding <= corpus::Coding::drawn, "an unknown coding");
      require(is_length(info.width_px) && is_length(info.height_px) && is_length(info.page_dpi), "a page of impossible size");
      answer = info;
      break;
    }
    case 2: answer = Rendered{decode_image(in)}; break;
    case 3: {
      Failure failure;
      failure.reason = get_reason(in);
      require(failure.reason != Reason::none, "a failure without a reason");
      failure.detail = in.get_text();
      answer = std::move(failure);
      break;
    }
    case 4: answer = get_density(in); break;
    default: throw Error{"an unknown kind of answer"};
  }
  in.expect_end();
  return answer;
}

}  // namespace pecia::page::protocol
