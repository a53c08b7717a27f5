#include "pecia/engine/serve.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <limits>
#include <memory>
#include <new>
#include <set>
#include <thread>
#include <utility>

#include "inbox.hpp"
#include "pecia/base/error.hpp"
#include "pecia/child/shared_memory.hpp"
#include "protocol.hpp"

namespace pecia::engine {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds step_wait{10};  ///< a page that is ready, or cancelled, waits no longer
constexpr milliseconds alive_every{500};
/// An engine without a page that has no room for one all this time never will.
constexpr std::chrono::seconds no_room_patience{3};

/// Finds the pixels of a page in the memory that came with it, which lives as long as the image.
void map_pixels(protocol::Read& read, std::vector<UniqueFd>& fds) {
  require(fds.size() == 1, "a page came without its pixels");
  const auto size = read.image.stride_bytes * static_cast<std::size_t>(read.image.height_px);
  auto memory =
      std::make_shared<child::SharedMemory>(child::SharedMemory::map(std::move(fds[0]), size));
  read.image.pixels = memory->bytes();
  read.image.owner = memory;
}

class ContinuousServer {
 public:
  ContinuousServer(child::Parent& parent, Engine& engine, const ServeSettings& settings)
      : parent_{parent}, engine_{engine}, settings_{settings}, inbox_{settings.queue_bytes} {}

  /// Until the engine throws, or the other process has sent what is no message.
  void run() {
    last_said_ = update();
    parent_.send(protocol::encode(protocol::Hello{engine_.description(), "", last_said_.room}));
    std::thread{[this] { read_orders(); }}.detach();
    for (int n = 0; n < std::max(1, settings_.prepare_threads); ++n)
      std::thread{[this] { prepare_pages(); }}.detach();
    while (true) turn();
  }

 private:
  /// On a thread of its own, which ends the process with its socket.
  void read_orders() {
    try {
      while (auto packet = parent_.receive()) {
        auto order = protocol::decode_order(packet->bytes);
        if (const auto* cancel = std::get_if<protocol::Cancel>(&order)) {
          inbox_.cancel(cancel->ticket);
          continue;
        }
        auto& read = std::get<protocol::Read>(order);
        map_pixels(read, packet->fds);
        inbox_.put(std::move(read));
      }
    } catch (const std::exception& error) {
      inbox_.fail(error.what());
      return;
    }
    std::_Exit(0);
  }

  void prepare_pages() {
    while (true) {
      const auto read = inbox_.next_to_prepare();
      inbox_.put_back(read.ticket, prepare(read));
    }
  }

  [[nodiscard]] Inbox::Ready prepare(const protocol::Read& read) const {
    try {
      return engine_.prepare(read.image, read.options);
    } catch (const std::bad_alloc&) {
      return PageFailure{Reason::out_of_memory, "no memory to prepare the page for the model"};
    } catch (const std::exception& error) {
      return PageFailure{Reason::engine_failed, error.what()};
    }
  }

  void turn() {
    inbox_.check();
    drop_cancelled();
    admit();
    std::vector<Completion> done;
    if (in_engine_.empty() && !inbox_.load().first_is_ready)
      inbox_.wait(alive_every);
    else
      done = engine_.step(step_wait);
    std::erase_if(done, [&](const Completion& completion) {
      return in_engine_.erase(completion.ticket) == 0;
    });
    // First, so that who has the answers also knows of the room that they left.
    say_room();
    for (const auto& completion : done) parent_.send(protocol::encode(completion));
  }

  void drop_cancelled() {
    for (const auto& [ticket, was_here] : inbox_.take_cancelled()) {
      const bool was_in_engine = in_engine_.erase(ticket) > 0;
      if (was_in_engine) engine_.cancel(ticket);
      if (was_here || was_in_engine) parent_.send(protocol::encode(protocol::Dropped{ticket}));
    }
  }

  void admit() {
    const auto fits = [&]() -> std::optional<std::size_t> {
      const auto room = engine_.room();
      if (room.pages <= 0) return std::nullopt;
      return in_engine_.empty() ? std::numeric_limits<std::size_t>::max() : room.bytes;
    };
    while (auto page = inbox_.take(fits())) {
      if (auto* failure = std::get_if<PageFailure>(&page->ready)) {
        parent_.send(protocol::encode(Completion{page->ticket, std::move(*failure)}));
        continue;
      }
      in_engine_.insert(page->ticket);
      engine_.submit(page->ticket, std::get<Prepared>(std::move(page->ready)));
    }
    if (!in_engine_.empty() || !inbox_.load().first_is_ready) could_admit_ = Clock::now();
    require(Clock::now() - could_admit_ < no_room_patience,
            "the engine has no page and no room for one (too little memory is left)");
  }

  [[nodiscard]] protocol::Update update() const {
    const auto load = inbox_.load();
    const int pages = engine_.room().pages + settings_.queue_pages - load.pages;
    return {{std::max(0, pages), load.bytes_left}, load.taken};
  }

  /// Where it has changed, or nothing was said for long.
  void say_room() {
    const auto now = update();
    const bool same = now.room.pages == last_said_.room.pages &&
                      now.room.bytes == last_said_.room.bytes && now.taken == last_said_.taken;
    if (same && Clock::now() - said_at_ < alive_every) return;
    parent_.send(protocol::encode(now));
    last_said_ = now;
    said_at_ = Clock::now();
  }

  child::Parent& parent_;
  Engine& engine_;
  ServeSettings settings_;
  Inbox inbox_;
  std::set<std::uint64_t> in_engine_;
  protocol::Update last_said_;
  Clock::time_point said_at_ = Clock::now();
  Clock::time_point could_admit_ = Clock::now();
};

}  // namespace

int serve(child::Parent& parent, Engine& engine, const std::string& problem) {
  parent.send(protocol::encode(protocol::Hello{engine.description(), problem}));
  while (auto packet = parent.receive()) {
    auto read = protocol::decode_read(packet->bytes);
    map_pixels(read, packet->fds);
    engine.submit(read.ticket, engine.prepare(read.image, read.options));
    std::vector<Completion> done;
    while (done.empty()) done = engine.step(std::chrono::seconds{1});
    for (const auto& completion : done) parent.send(protocol::encode(completion));
  }
  return 0;
}

void serve_continuous(child::Parent& parent, Engine& engine, const ServeSettings& settings) {
  ContinuousServer server{parent, engine, settings};
  try {
    server.run();
  } catch (const std::exception& error) {
    say_lost(parent, error.what());
  }
  // Not by exit: other threads use what it would destroy, and a lost device can hang in its own
  // cleaning.
  std::_Exit(1);
}

void say_loading(child::Parent& parent, std::uint64_t done_bytes, std::uint64_t all_bytes) {
  parent.send(protocol::encode(protocol::Loading{done_bytes, all_bytes}));
}

void say_problem(child::Parent& parent, const std::string& problem) {
  parent.send(protocol::encode(protocol::Hello{{}, problem}));
}

void say_lost(child::Parent& parent, const std::string& why) {
  try {
    parent.send(protocol::encode(protocol::Lost{why}));
  } catch (const std::exception&) {
    // It is gone, too: nobody is left to be told.
  }
}

}  // namespace pecia::engine
