#include "protocol.hpp"

#include <cmath>

#include "pecia/base/error.hpp"

namespace pecia::page::protocol {
namespace {

constexpr int max_side_px = 1 << 24;
constexpr std::size_t page_bytes = 4 + 4 + 1 + 8 + 4;

Reason get_reason(ByteReader& in) {
  const auto reason = in.get<Reason>();
  require(static_cast<std::size_t>(reason) <= all_reasons().size(), "an unknown reason");
  return reason;
}

void put_image(ByteWriter& out, const Image& image) {
  out.put(image.width_px).put(image.height_px).put(image.format).put(std::uint64_t{image.stride_bytes});
  out.put(image.dpi).put(image.page_width_px).put(image.page_height_px).put(image.page_dpi).put(image.embedded);
  for (const double value : image.to_page.m) out.put(value);
}

Image get_image(ByteReader& in) {
  Image image;
  image.width_px = in.get<int>();
  image.height_px = in.get<int>();
  image.format = in.get<PixelFormat>();
  image.stride_bytes = in.get<std::uint64_t>();
  image.dpi = in.get<double>();
  image.page_width_px = in.get<int>();
  image.page_height_px = in.get<int>();
  image.page_dpi = in.get<double>();
  image.embedded = in.get<std::uint8_t>() != 0;
  for (double& value : image.to_page.m) value = in.get<double>();
  const auto plausible = [](int side) { return side > 0 && side <= max_side_px; };
  require(plausible(image.width_px) && plausible(image.height_px) && plausible(image.page_width_px) &&
              plausible(image.page_height_px) && image.format <= PixelFormat::rgb8,
          "an image of impossible size");
  require(image.stride_bytes == row_bytes(image.format, image.width_px), "an image with impossible rows");
  for (const double value : image.to_page.m) require(std::isfinite(value), "an impossible transform");
  require(std::isfinite(image.dpi) && std::isfinite(image.page_dpi), "an impossible resolution");
  return image;
}

void put_probe(ByteWriter& out, const Probe& probe) {
  out.put(probe.format).put(probe.problem).put_text(probe.problem_detail);
  out.put(static_cast<std::uint32_t>(probe.pages.size()));
  for (const auto& page : probe.pages) {
    out.put(page.width_px).put(page.height_px).put(page.coding);
    out.put(page.compressed_bytes).put(page.text_operators);
  }
}

Probe get_probe(ByteReader& in) {
  Probe probe;
  probe.format = in.get<corpus::Format>();
  require(probe.format <= corpus::Format::jpeg2000, "an unknown format");
  probe.problem = get_reason(in);
  probe.problem_detail = in.get_text();
  probe.pages.resize(in.get_count(page_bytes));
  for (auto& page : probe.pages) {
    page.width_px = in.get<float>();
    page.height_px = in.get<float>();
    page.coding = in.get<corpus::Coding>();
    page.compressed_bytes = in.get<std::uint64_t>();
    page.text_operators = in.get<std::uint32_t>();
    require(std::isfinite(page.width_px) && std::isfinite(page.height_px) && page.coding <= corpus::Coding::drawn,
            "impossible evidence");
  }
  return probe;
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
  if (const auto* rendered = std::get_if<Rendered>(&answer)) put_image(out, rendered->image);
  if (const auto* failure = std::get_if<Failure>(&answer)) out.put(failure->reason).put_text(failure->detail);
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
      answer = info;
      break;
    }
    case 2: answer = Rendered{get_image(in)}; break;
    case 3: {
      Failure failure;
      failure.reason = get_reason(in);
      require(failure.reason != Reason::none, "a failure without a reason");
      failure.detail = in.get_text();
      answer = std::move(failure);
      break;
    }
    default: throw Error{"an unknown kind of answer"};
  }
  in.expect_end();
  return answer;
}

}  // namespace pecia::page::protocol
