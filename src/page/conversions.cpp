#include "conversions.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <compare>
#include <condition_variable>
#include <functional>
#include <list>
#include <mutex>
#include <optional>

namespace pecia::page::office {
namespace {

/// Each takes its size of the disk of temporary files.
constexpr std::size_t most_kept = 4;

/// Which contents: of another file, or of this one once it is written to, it is another.
struct Key {
  dev_t device{};
  ino_t file{};
  off_t bytes = 0;
  std::int64_t written_s = 0, written_ns = 0, changed_s = 0, changed_ns = 0;

  auto operator<=>(const Key&) const = default;
};

std::optional<Key> key_of(const UniqueFd& document) {
  struct stat status {};
  if (::fstat(document.get(), &status) != 0) return std::nullopt;
  return Key{status.st_dev,         status.st_ino,          status.st_size,
             status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ctim.tv_sec,
             status.st_ctim.tv_nsec};
}

class Conversions {
 public:
  Converted of(const Key& key, const std::atomic<bool>& interrupted,
               const std::function<Converted()>& make) {
    std::unique_lock lock{mutex_};
    while (!interrupted) {
      const auto found =
          std::ranges::find(entries_, key, [](const auto& entry) { return entry->key; });
      if (found == entries_.end()) return made_by(make, key, interrupted, lock);
      const auto entry = *found;
      entries_.splice(entries_.begin(), entries_, found);
      while (!entry->ended && !interrupted) ended_.wait_for(lock, look_every);
      // One that was given up by whoever made it says nothing of the document.
      if (entry->made) return *entry->made;
    }
    return Failure{Reason::timeout, "interrupted", true};
  }

 private:
  struct Entry {
    explicit Entry(const Key& of) : key{of} {}
    Key key;
    bool ended = false;
    std::optional<Converted> made;
  };

  /// Unlocked meanwhile. Only a PDF is kept.
  Converted made_by(const std::function<Converted()>& make, const Key& key,
                    const std::atomic<bool>& interrupted, std::unique_lock<std::mutex>& lock) {
    const auto entry = std::make_shared<Entry>(key);
    entries_.push_front(entry);
    lock.unlock();
    std::exception_ptr thrown;
    std::optional<Converted> made;
    try {
      made = make();
    } catch (...) {
      thrown = std::current_exception();
    }
    lock.lock();
    entry->ended = true;
    const bool failed = !made || std::holds_alternative<Failure>(*made);
    if (!(failed && (thrown || interrupted))) entry->made = made;
    if (failed) entries_.remove(entry);
    drop_the_oldest();
    ended_.notify_all();
    if (thrown) std::rethrow_exception(thrown);
    return std::move(*made);
  }

  void drop_the_oldest() {
    for (auto at = entries_.end(); entries_.size() > most_kept && at != entries_.begin();) {
      --at;
      if ((*at)->ended) at = entries_.erase(at);
    }
  }

  std::mutex mutex_;
  std::condition_variable ended_;
  std::list<std::shared_ptr<Entry>> entries_;  ///< used last first
};

}  // namespace

Converted shared_pdf(const UniqueFd& document, corpus::Format format, const Limits& limits,
                     double scale_limits, const std::atomic<bool>& interrupted) {
  static Conversions all;
  const auto make = [&]() -> Converted {
    auto made = to_pdf(document, format, limits, scale_limits, interrupted);
    if (auto* failure = std::get_if<Failure>(&made)) return std::move(*failure);
    return std::make_shared<const Pdf>(std::get<Pdf>(std::move(made)));
  };
  const auto key = key_of(document);
  return key ? all.of(*key, interrupted, make) : make();
}

}  // namespace pecia::page::office
