#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "pecia/engine/engine.hpp"
#include "protocol.hpp"

namespace pecia::engine {

/// Pages of an engine process between its socket and its engine: as they came, being prepared,
/// ready.
///
/// One thread puts pages in and waits while more than `max_bytes` are inside; others prepare them;
/// one takes them out for the engine, in the order in which they came.
class Inbox {
 public:
  explicit Inbox(std::size_t max_bytes) : max_bytes_{max_bytes} {}

  // ---- from the socket
  /// Waits until there is room; a page larger than all of it is let in all the same.
  void put(protocol::Read read);
  void cancel(std::uint64_t ticket);
  /// What came is no message: `check` throws from now on.
  void fail(const std::string& why);

  // ---- for those who prepare
  /// Waits for a page.
  [[nodiscard]] protocol::Read next_to_prepare();
  using Ready = std::variant<Prepared, PageFailure>;
  void put_back(std::uint64_t ticket, Ready ready);

  // ---- for the engine
  /// Waits until anything happens here.
  void wait(std::chrono::milliseconds max_wait);
  void check() const;
  struct Page {
    std::uint64_t ticket = 0;
    Ready ready;
  };
  /// The first page, if it is ready and weighs at most `max_bytes`; nothing: a failure alone.
  [[nodiscard]] std::optional<Page> take(std::optional<std::size_t> max_bytes);
  struct Cancelled {
    std::uint64_t ticket = 0;
    bool was_here = false;  ///< and is dropped; otherwise the engine has it, or it was answered
  };
  [[nodiscard]] std::vector<Cancelled> take_cancelled();
  struct Load {
    int pages = 0;
    std::size_t bytes = 0;
    std::size_t bytes_left = 0;
    std::uint64_t taken = 0;  ///< the last ticket that was put in
    bool first_is_ready = false;
  };
  [[nodiscard]] Load load() const;

 private:
  struct Entry {
    enum class Stage { waiting, preparing, ready } stage = Stage::waiting;
    std::size_t bytes = 0;
    protocol::Read read;
    Ready prepared;
  };
  void happened();

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::uint64_t, Entry> pages_;
  std::vector<Cancelled> cancelled_;
  std::string failure_;
  std::size_t max_bytes_;
  std::size_t bytes_ = 0;
  std::uint64_t taken_ = 0;
  std::uint64_t happenings_ = 0;  ///< counted, so that none is missed between two waits
  std::uint64_t seen_ = 0;
};

}  // namespace pecia::engine
