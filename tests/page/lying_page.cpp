// A pecia-page that answers with lies. The document says with which: its text is the lie's name.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <map>
#include <string>

#include "page/protocol.hpp"
#include "pecia/child/child.hpp"
#include "pecia/child/shared_memory.hpp"

namespace {

using namespace pecia;
using namespace pecia::page;

constexpr int side_px = 64;
constexpr int socket_fd = 3;

Image honest_image() {
  Image image;
  image.width_px = image.height_px = image.page_width_px = image.page_height_px = side_px;
  image.stride_bytes = side_px;
  image.dpi = image.page_dpi = 300;
  return image;
}

child::SharedMemory memory_of(std::size_t bytes, bool sealed = true) {
  auto memory = child::SharedMemory::create(bytes);
  if (sealed) memory.seal();
  return memory;
}

/// Sends the image, changed, with memory for the honest one.
void send_image(child::Parent& parent, const std::function<void(Image&)>& change) {
  auto image = honest_image();
  change(image);
  const auto memory = memory_of(side_px * side_px);
  const int fd = memory.fd();
  parent.send(protocol::encode(protocol::Answer{protocol::Rendered{image}}), {&fd, 1});
}

void send_image_with(child::Parent& parent, std::span<const int> fds) {
  parent.send(protocol::encode(protocol::Answer{protocol::Rendered{honest_image()}}), fds);
}

void send_raw(std::uint64_t claimed_bytes, std::size_t bytes) {
  std::string raw(sizeof claimed_bytes + bytes, 'x');
  std::memcpy(raw.data(), &claimed_bytes, sizeof claimed_bytes);
  for (std::size_t at = 0; at < raw.size();) {
    const auto written = ::write(socket_fd, raw.data() + at, raw.size() - at);
    if (written <= 0) ::_exit(5);
    at += static_cast<std::size_t>(written);
  }
}

void send_file(child::Parent& parent) {
  const int fd = ::open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  send_image_with(parent, {&fd, 1});
  ::close(fd);
}

void say(child::Parent& parent, const protocol::Answer& answer) { parent.send(protocol::encode(answer)); }

void send_pages(child::Parent& parent, std::size_t count) {
  Probe probe;
  probe.format = corpus::Format::pdf;
  probe.pages.resize(count);
  say(parent, probe);
}

/// A document of two pages that says this of its parts.
void send_outline(child::Parent& parent, corpus::Outline outline) {
  Probe probe;
  probe.format = corpus::Format::pdf;
  probe.pages.resize(2);
  probe.outline = std::move(outline);
  say(parent, probe);
}

/// Answers that no memory belongs to.
void send_with_memory(child::Parent& parent, const protocol::Answer& answer) {
  const auto memory = memory_of(1);
  const int fd = memory.fd();
  parent.send(protocol::encode(answer), {&fd, 1});
}

void make_sides(Image& image, int side) {
  image.width_px = image.height_px = image.page_width_px = image.page_height_px = side;
  image.stride_bytes = row_bytes(image.format, side);
}

const std::map<std::string, std::function<void(child::Parent&)>>& lies() {
  static const std::map<std::string, std::function<void(child::Parent&)>> all{
      {"honest", [](auto& parent) { send_image(parent, [](Image&) {}); }},
      {"small memory",
       [](auto& parent) {
         const auto memory = memory_of(side_px * side_px - 1);
         const int fd = memory.fd();
         send_image_with(parent, {&fd, 1});
       }},
      {"unsealed memory",
       [](auto& parent) {
         const auto memory = memory_of(side_px * side_px, false);
         const int fd = memory.fd();
         send_image_with(parent, {&fd, 1});
       }},
      {"a file for memory", send_file},
      {"no memory", [](auto& parent) { send_image_with(parent, {}); }},
      {"two memories",
       [](auto& parent) {
         const auto one = memory_of(side_px * side_px), two = memory_of(side_px * side_px);
         const std::array fds{one.fd(), two.fd()};
         send_image_with(parent, fds);
       }},
      {"larger than it is",
       [](auto& parent) {
         send_image(parent, [](Image& image) { image.height_px = image.page_height_px = 2 * side_px; });
       }},
      {"huge",
       [](auto& parent) {
         send_image(parent, [](Image& image) { image.width_px = std::numeric_limits<int>::max(); });
       }},
      {"less than nothing",
       [](auto& parent) { send_image(parent, [](Image& image) { image.height_px = -side_px; }); }},
      {"other rows",
       [](auto& parent) {
         send_image(parent, [](Image& image) { image.stride_bytes = std::size_t{1} << 60; });
       }},
      {"unknown pixels",
       [](auto& parent) {
         send_image(parent, [](Image& image) { image.format = static_cast<PixelFormat>(7); });
       }},
      {"no number",
       [](auto& parent) {
         send_image(parent, [](Image& image) { image.to_page.m[2] = std::nan(""); });
       }},
      {"endless dpi",
       [](auto& parent) {
         send_image(parent,
                    [](Image& image) { image.dpi = std::numeric_limits<double>::infinity(); });
       }},
      {"a million dpi",
       [](auto& parent) { send_image(parent, [](Image& image) { image.page_dpi = 2e6; }); }},
      {"beside its page",
       [](auto& parent) { send_image(parent, [](Image& image) { image.to_page.m[4] = 3; }); }},
      {"on a part of its page",
       [](auto& parent) { send_image(parent, [](Image& image) { image.to_page.m[3] = .5; }); }},
      {"upside down",
       [](auto& parent) {
         send_image(parent, [](Image& image) {
           image.to_page.m[3] = -1;
           image.to_page.m[5] = side_px;
         });
       }},
      {"more pixels than any",
       [](auto& parent) { send_image(parent, [](Image& image) { make_sides(image, 20'000); }); }},
      {"colours",
       [](auto& parent) {
         send_image(parent, [](Image& image) {
           image.format = PixelFormat::rgb8;
           make_sides(image, 8);
         });
       }},
      {"a failure with memory",
       [](auto& parent) { send_with_memory(parent, Failure{Reason::unreadable, "why", false}); }},
      {"a count with memory",
       [](auto& parent) {
         Probe probe;
         probe.format = corpus::Format::pdf;
         probe.pages.resize(1);
         send_with_memory(parent, probe);
       }},
      {"hello again", [](auto& parent) { say(parent, protocol::Hello{}); }},
      {"hello behind an answer",
       [](auto& parent) {
         send_image(parent, [](Image&) {});
         say(parent, protocol::Hello{});
       }},
      {"no density",
       [](auto& parent) { say(parent, Density{std::nanf(""), 1, .5F}); }},
      {"more pages than bytes", [](auto& parent) { send_pages(parent, 100); }},
      {"a thousand steps",
       [](auto& parent) {
         send_image(parent, [](Image& image) {
           image.steps.resize(1000, {"pixels", "smaller", {}});
         });
       }},
      {"a long step",
       [](auto& parent) {
         send_image(parent, [](Image& image) {
           image.steps = {{"pixels", std::string(10'000'000, 'a'), {}}};
         });
       }},
      {"another kind",
       [](auto& parent) {
         parent.send(protocol::encode(protocol::Answer{Density{1, 1, .5F}}));
       }},
      {"garbage",
       [](auto& parent) {
         parent.send(std::as_bytes(std::span{"\xFF\x02\x03 no message at all"}));
       }},
      {"nothing", [](auto& parent) { parent.send({}); }},
      {"cut off",
       [](auto& parent) {
         auto bytes = protocol::encode(protocol::Answer{protocol::Rendered{honest_image()}});
         bytes.resize(bytes.size() / 2);
         parent.send(bytes);
       }},
      {"too long a message", [](auto&) { send_raw(std::uint64_t{1} << 62, 100); }},
      {"more bytes than any answer has", [](auto&) { send_raw(std::uint64_t{200} << 20, 100); }},
      {"no end",
       [](auto&) {
         send_raw(std::uint64_t{20} << 20, 1 << 20);
         while (true) ::usleep(100'000);
       }},
      {"dies in it",
       [](auto&) {
         send_raw(1000, 10);
         ::_exit(0);
       }},
      {"never answers",
       [](auto&) {
         while (true) ::usleep(100'000);
       }},
      {"endless pages", [](auto& parent) { send_pages(parent, 1'500'000); }},
      {"an outline to page three", [](auto& parent) { send_outline(parent, {{{3, 1, "x"}}, {}}); }},
      {"an outline without end", [](auto& parent) { send_outline(parent, {std::vector<corpus::OutlineEntry>(10'001, {1, 1, "x"}), {}}); }},
      {"a long title", [](auto& parent) { send_outline(parent, {{{1, 1, std::string(10'000'000, 'x')}}, {}}); }},
      {"a title with controls", [](auto& parent) { send_outline(parent, {{{1, 1, "x\x1B[2J"}}, {}}); }},
      {"labels that go back",
       [](auto& parent) {
         send_outline(parent, {{}, {{2, corpus::LabelStyle::decimal, "", 1}, {1, corpus::LabelStyle::decimal, "", 1}}});
       }},
      {"labels without end",
       [](auto& parent) { send_outline(parent, {{}, std::vector<corpus::LabelRange>(100'001, {1, corpus::LabelStyle::decimal, "", 1})}); }},
      {"no text",
       [](auto& parent) {
         parent.send(protocol::encode(
             protocol::Answer{Failure{Reason::unreadable, "\xFF\xFE\xC0 no text", false}}));
       }},
      {"a long text",
       [](auto& parent) {
         parent.send(protocol::encode(
             protocol::Answer{Failure{Reason::unreadable, std::string(20'000'000, 'a'), false}}));
       }},
      {"unknown reason", [](auto& parent) {
         parent.send(
             protocol::encode(protocol::Answer{Failure{static_cast<Reason>(200), "why", false}}));
       }}};
  return all;
}

std::string text_of(int fd) {
  std::array<char, 64> text{};
  const auto size = ::pread(fd, text.data(), text.size(), 0);
  return {text.data(), static_cast<std::size_t>(std::max<ssize_t>(0, size))};
}

}  // namespace

int main() {
  child::Parent parent;
  // What does not say that it is ready is given minutes to start.
  parent.send(protocol::encode(protocol::Answer{protocol::Hello{}}));
  std::string lie;
  while (auto packet = parent.receive()) {
    if (!packet->fds.empty()) lie = text_of(packet->fds[0].get());
    const auto found = lies().find(lie);
    if (found == lies().end()) return 4;
    found->second(parent);
  }
  return 0;
}
