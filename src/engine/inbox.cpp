#include "inbox.hpp"

#include <algorithm>
#include <utility>

#include "pecia/base/error.hpp"

namespace pecia::engine {

void Inbox::happened() {
  ++happenings_;
  changed_.notify_all();
}

void Inbox::put(protocol::Read read) {
  std::unique_lock lock{mutex_};
  changed_.wait(lock, [&] { return bytes_ < max_bytes_; });
  require(read.ticket > taken_, "a page came twice");
  taken_ = read.ticket;
  Entry entry;
  entry.bytes = read.image.pixels.size();
  bytes_ += entry.bytes;
  entry.read = std::move(read);
  pages_.emplace(taken_, std::move(entry));
  happened();
}

void Inbox::cancel(std::uint64_t ticket) {
  const std::lock_guard lock{mutex_};
  const auto page = pages_.find(ticket);
  cancelled_.push_back({ticket, page != pages_.end()});
  if (page != pages_.end()) {
    bytes_ -= page->second.bytes;
    pages_.erase(page);
  }
  happened();
}

void Inbox::fail(const std::string& why) {
  const std::lock_guard lock{mutex_};
  failure_ = why;
  happened();
}

protocol::Read Inbox::next_to_prepare() {
  std::unique_lock lock{mutex_};
  auto next = pages_.end();
  changed_.wait(lock, [&] {
    next = std::ranges::find_if(
        pages_, [](const auto& page) { return page.second.stage == Entry::Stage::waiting; });
    return next != pages_.end();
  });
  next->second.stage = Entry::Stage::preparing;
  return std::exchange(next->second.read, {});
}

void Inbox::put_back(std::uint64_t ticket, Ready ready) {
  const std::lock_guard lock{mutex_};
  const auto page = pages_.find(ticket);
  if (page == pages_.end()) return;  // cancelled meanwhile
  auto& entry = page->second;
  const auto* prepared = std::get_if<Prepared>(&ready);
  const auto bytes = prepared ? prepared->bytes : 0;
  bytes_ = bytes_ - entry.bytes + bytes;
  entry.bytes = bytes;
  entry.prepared = std::move(ready);
  entry.stage = Entry::Stage::ready;
  happened();
}

void Inbox::wait(std::chrono::milliseconds max_wait) {
  std::unique_lock lock{mutex_};
  changed_.wait_for(lock, max_wait, [&] { return happenings_ != seen_; });
  seen_ = happenings_;
}

void Inbox::check() const {
  const std::lock_guard lock{mutex_};
  require(failure_.empty(), failure_);
}

std::optional<Inbox::Page> Inbox::take(std::optional<std::size_t> max_bytes) {
  const std::lock_guard lock{mutex_};
  if (pages_.empty()) return std::nullopt;
  const auto first = pages_.begin();
  auto& entry = first->second;
  if (entry.stage != Entry::Stage::ready) return std::nullopt;
  const bool needs_room = std::holds_alternative<Prepared>(entry.prepared);
  if (needs_room && (!max_bytes || entry.bytes > *max_bytes)) return std::nullopt;
  bytes_ -= entry.bytes;
  Page page{first->first, std::move(entry.prepared)};
  pages_.erase(first);
  changed_.notify_all();  // for who waits to put one in
  return page;
}

std::vector<Inbox::Cancelled> Inbox::take_cancelled() {
  const std::lock_guard lock{mutex_};
  return std::exchange(cancelled_, {});
}

Inbox::Load Inbox::load() const {
  const std::lock_guard lock{mutex_};
  return {static_cast<int>(pages_.size()), bytes_, max_bytes_ - std::min(max_bytes_, bytes_),
          taken_, !pages_.empty() && pages_.begin()->second.stage == Entry::Stage::ready};
}

}  // namespace pecia::engine
