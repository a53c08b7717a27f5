#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "pecia/base/version.hpp"
#include "pecia/engine/simple_engines.hpp"

namespace pecia::engine {

page::ImageRequest EchoEngine::wants(const page::PageInfo&, const ReadOptions&) const { return {}; }

Prepared EchoEngine::prepare(const page::Image& image, const ReadOptions& options) const {
  return {image, options, image.pixels.size()};
}

Room EchoEngine::room() const {
  return {capacity_pages_ - static_cast<int>(done_.size()), std::size_t{1} << 30};
}

void EchoEngine::submit(std::uint64_t ticket, Prepared page) {
  result::Reading reading;
  reading.text = fmt::format("{} x {} px\n", page.image.width_px, page.image.height_px);
  reading.confidence = 1;
  done_.push_back({ticket, std::move(reading), 0});
}

std::vector<Completion> EchoEngine::step(std::chrono::milliseconds) {
  std::vector<Completion> done{std::make_move_iterator(done_.begin()), std::make_move_iterator(done_.end())};
  done_.clear();
  return done;
}

void EchoEngine::cancel(std::uint64_t ticket) {
  std::erase_if(done_, [&](const Completion& completion) { return completion.ticket == ticket; });
}

Description EchoEngine::description() const { return {"echo", std::string{version()}, "echo"}; }

}  // namespace pecia::engine
