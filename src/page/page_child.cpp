#include "page_child.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "pecia/base/error.hpp"

namespace pecia::page {
namespace {

/// No page of any format takes fewer bytes of its file: bounds how many a document may claim.
constexpr std::uint64_t least_page_bytes = 12;
/// The evidence of all pages that a document may have, or the words of a page, take less.
constexpr std::uint64_t most_message_bytes = std::uint64_t{64} << 20;

child::Program program_for(const Limits& limits, double scale) {
  child::Program program;
  program.executable = child::find_program("pecia-page");
  program.limits.memory_bytes = static_cast<std::uint64_t>(static_cast<double>(limits.memory_bytes) * scale);
  program.limits.message_bytes = most_message_bytes;
  return program;
}

bool fits(ImageRequest::Pixels wanted, PixelFormat format) {
  switch (wanted) {
    case ImageRequest::Pixels::gray: return format != PixelFormat::rgb8;
    case ImageRequest::Pixels::rgb: return format == PixelFormat::rgb8;
    case ImageRequest::Pixels::any: break;
  }
  return true;
}

/// Within a pixel: page coordinates are rounded to whole pixels.
bool fills_its_page(const Image& image) {
  const auto& m = image.to_page.m;
  const auto is_at = [&](int x, int y, int page_x, int page_y) {
    return std::abs(m[0] * x + m[2] * y + m[4] - page_x) <= 1 && std::abs(m[1] * x + m[3] * y + m[5] - page_y) <= 1;
  };
  return is_at(0, 0, 0, 0) && is_at(image.width_px, 0, image.page_width_px, 0) && is_at(0, image.height_px, 0, image.page_height_px);
}

void check_image(const protocol::Request& request, const Image& image) {
  const auto pixels = static_cast<std::uint64_t>(image.width_px) * static_cast<std::uint64_t>(image.height_px);
  const auto& wanted = request.image;
  require(pixels <= request.max_pixels, "an image of more pixels than it may have");
  require(wanted.most_pixels == 0 || pixels <= wanted.most_pixels, "an image of more pixels than were asked for");
  require(wanted.longest_side_px == 0 || std::max(image.width_px, image.height_px) <= wanted.longest_side_px, "an image of a longer side than was asked for");
  require(fills_its_page(image), "an image that lies elsewhere than on its page");
  require(image.dpi <= most_dpi && image.page_dpi <= most_dpi, "an image of more dots per inch than there are");
  require(fits(request.image.pixels, image.format), "an image in another format than was asked for");
}

}  // namespace

PageChild::PageChild(const Limits& limits, double scale) : process{program_for(limits, scale)}, memory_scale{scale} {}

bool same(const Source& a, const Source& b) { return a.file == b.file && a.format == b.format && a.password == b.password; }

bool PageChild::has_open(const Source& source) const { return open && same(*open, source); }

bool PageChild::takes_a_request() {
  if (process.cpu_s() < 0) return false;
  while (true) {
    auto received = process.receive(std::chrono::milliseconds{0});
    if (received.status != child::Child::Status::message) return received.status == child::Child::Status::timeout;
    try {
      auto answer = protocol::decode_answer(received.packet.bytes);
      auto* hello = std::get_if<protocol::Hello>(&answer);
      require(hello != nullptr && received.packet.fds.empty(), "an answer to a question that was not asked");
      greet(std::move(*hello));
    } catch (const Error&) {
      return false;
    }
  }
}

void PageChild::greet(protocol::Hello hello) {
  require(!ready, "two hellos");
  ready = true;
  not_confined = std::move(hello.not_confined);
}

void check_answer(const protocol::Request& request, const protocol::Answer& answer, std::size_t descriptors,
                  std::uint64_t document_bytes, bool converted) {
  using protocol::Verb;
  const auto* rendered = std::get_if<protocol::Rendered>(&answer);
  require(descriptors == (rendered != nullptr ? 1U : 0U), "an answer with descriptors that do not belong to it");
  if (std::holds_alternative<Failure>(answer)) return;
  if (std::holds_alternative<protocol::Office>(answer)) {
    require(!converted, "a PDF that was made of a document is none");
    return;
  }
  const auto* probe = std::get_if<Probe>(&answer);
  bool fitting = false;
  switch (request.verb) {
    case Verb::probe:
    case Verb::count: fitting = probe != nullptr; break;
    case Verb::info: fitting = std::holds_alternative<PageInfo>(answer); break;
    case Verb::render: fitting = rendered != nullptr; break;
    case Verb::text_layer: fitting = std::holds_alternative<TextLayer>(answer); break;
    case Verb::measure: fitting = std::holds_alternative<Density>(answer); break;
  }
  require(fitting, "an answer to another question");
  if (probe != nullptr)
    require(probe->pages.size() <= document_bytes / least_page_bytes + 1, "more pages than the file can hold");
  if (rendered != nullptr) check_image(request, rendered->image);
}

}  // namespace pecia::page
