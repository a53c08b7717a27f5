#include "remote_state.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <poll.h>

#include <algorithm>
#include <limits>

#include "pecia/base/clock.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/log.hpp"
#include "pecia/base/text.hpp"
#include "pecia/engine/serve.hpp"

namespace pecia::engine {
namespace {

using Clock = Worker::Clock;
using std::chrono::milliseconds;

constexpr int failed_starts_in_a_row = 5;
constexpr std::chrono::seconds tell_of_loading_every{10};
constexpr double bytes_per_gb = 1e9;
/// Then watchdogs and whoever called are looked at, however much a worker says.
constexpr int most_messages_at_once = 1000;
/// Between two polls, which are a tenth of a second apart, or as long as a model takes to be made.
constexpr std::chrono::seconds suspended{30};
/// A page is read alone once it was with workers at so many deaths. A hang counts as that many: it costs
/// the rank as long as the watchdog waits.
constexpr int deaths_until_alone = 2;
constexpr std::size_t any_number = std::numeric_limits<std::size_t>::max();

std::string joined(const ReadOptions& options) {
  return fmt::format("{}", fmt::join(options.languages, "+"));
}

WorkersPage take_answered(Worker& worker, std::uint64_t number) {
  const auto page = worker.pages.extract(number);
  require(!page.empty(), "an answer to a question that was not asked");
  return page.mapped();
}

}  // namespace

void RemoteEngine::State::start(Worker& worker) {
  worker = Worker{};
  auto program = settings.program;
  const bool first = settings.channel && *settings.channel;
  if (first) program.arguments.emplace_back("channel");
  worker.child.emplace(program);
  if (first) {
    const int fd = settings.channel->get();
    (void)worker.child->send(Bytes(1), {&fd, 1});
    settings.channel->reset();  // the worker alone has it, so that its end is seen
  }
  worker.began = worker.heard = worker.told_of_loading = Clock::now();
}

void RemoteEngine::State::replace(Worker& worker, Reason reason, const std::string& why) {
  const auto how = worker.child->end();
  if (!settings.continuous && worker.child->ended_by_cpu_limit()) reason = Reason::engine_timeout;  // before our watchdog
  const bool no_memory = worker.child->exit_status() == out_of_memory_status;
  if (no_memory) reason = Reason::out_of_memory;
  pass_on_log(worker);
  give_up_where_vain(worker, why, how);
  if (settings.continuous)
    log::warning(
        "{}: {}; another engine process takes its place ({} of the {} that engine.restarts allows)",
        why, how, restarts, settings.restarts);
  else if (worker.pages.empty())
    log::warning("an idle engine process is gone ({}); another takes its place", how);
  fail_pages(worker, reason, fmt::format("{}: {}", no_memory ? "the engine process had no memory left for the page" : why, how));
  start(worker);
}

/// Of several pages one at most is to blame: they are tried again fewer at a time, until it is found, and none of them
/// is said to have hung or crashed.
void RemoteEngine::State::fail_pages(Worker& worker, Reason reason, const std::string& detail) {
  const auto together = worker.pages.size();
  const bool shared = settings.continuous && together > 1;
  const bool hung = reason == Reason::engine_timeout;
  if (shared && (hung || reason == Reason::engine_crashed)) reason = Reason::engine_lost;
  const auto others = shared ? fmt::format(" (with {} more in it)", plural(together - 1, "page")) : "";
  for (const auto& [number, page] : worker.pages) {
    if (page.cancelled) continue;
    if (settings.continuous) {
      auto& suspect = suspects[page.ticket];
      suspect.deaths += hung ? deaths_until_alone : 1;
      suspect.most_together = suspect.deaths >= deaths_until_alone ? 1 : std::max<std::size_t>(1, together / 2);
    }
    done.push_back({page.ticket, PageFailure{reason, detail + others, {}}, seconds_since(page.began)});
  }
}

void RemoteEngine::State::give_up_where_vain(const Worker& worker, const std::string& why,
                                             const std::string& how) {
  const auto program = settings.program.executable.string();
  if (settings.continuous && ++restarts > settings.restarts)
    throw LostForGood{fmt::format(
        "{} has ended {} times, at last: {}: {} (engine.restarts is {}). `pecia doctor` "
        "says whether the device works",
        program, restarts, why, how, settings.restarts)};
  if (!settings.continuous && !worker.ready && ++failed_starts >= failed_starts_in_a_row)
    throw Error{fmt::format("{} does not start: {} ({} tries). `pecia doctor` says what is missing",
                            program, how, failed_starts)};
}

// ---- pages that go to workers

std::size_t RemoteEngine::State::most_together(const Waiting& page) const {
  if (page.page.options.alone) return 1;
  const auto found = suspects.find(page.ticket);
  return found == suspects.end() ? any_number : found->second.most_together;
}

bool RemoteEngine::State::one_alone_waits() const {
  return std::ranges::any_of(waiting, [&](const Waiting& page) { return most_together(page) == 1; });
}

bool RemoteEngine::State::one_is_alone() const {
  const auto has_one = [](const Worker& worker) {
    return std::ranges::any_of(worker.pages, [](const auto& entry) { return entry.second.most_together == 1; });
  };
  return one_alone_waits() || std::ranges::any_of(workers, has_one);
}

std::size_t RemoteEngine::State::places(const Worker& worker) const {
  auto most = any_number;
  for (const auto& [number, page] : worker.pages) most = std::min(most, page.most_together);
  if (!waiting.empty()) most = std::min(most, most_together(waiting.front()));
  return most - std::min(most, worker.pages.size());
}

bool RemoteEngine::State::may_take_next(const Worker& worker) const {
  if (waiting.empty() || !worker.takes_a_page()) return false;
  if (settings.continuous) return places(worker) > 0;
  // Alone, where each worker has a page, is to have no other worker beside it.
  return !one_is_alone() || std::ranges::all_of(workers, [](const Worker& one) { return one.pages.empty(); });
}

void RemoteEngine::State::dispatch() {
  for (auto& worker : workers) {
    while (may_take_next(worker)) give_page(worker);
  }
}

/// Rather a page in languages whose models it has loaded; else the one that has waited longest.
std::deque<RemoteEngine::State::Waiting>::iterator RemoteEngine::State::next_for(
    const Worker& worker) {
  if (settings.continuous) return waiting.begin();
  const auto lone = std::ranges::find_if(waiting, [&](const Waiting& page) { return most_together(page) == 1; });
  if (lone != waiting.end()) return lone;
  const auto loaded = std::ranges::find_if(
      waiting, [&](const Waiting& page) { return joined(page.page.options) == worker.languages; });
  return loaded == waiting.end() ? waiting.begin() : loaded;
}

void RemoteEngine::State::give_page(Worker& worker) {
  const auto next = next_for(worker);
  auto page = std::move(*next);
  waiting.erase(next);
  worker.languages = joined(page.page.options);
  // A worker that has a page at a time ends by itself where nobody watches it: this process may be stalled.
  if (!settings.continuous) worker.child->allow_cpu(settings.watchdog_s * page.page.options.time_scale);
  if (worker.give(++numbers, page.ticket, page.page)) {
    worker.pages[numbers].most_together = most_together(page);
    return;
  }
  waiting.push_front(std::move(page));  // it was gone before it had the page: not the page's fault
  replace(worker, Reason::engine_crashed, "the engine process was gone");
}

// ---- what workers say

void RemoteEngine::State::pass_on_log(Worker& worker) const {
  if (!settings.continuous) return;
  const auto name = settings.program.executable.filename().string();
  for (const auto& line : worker.child->printed_lines()) log::pass_on(name, line);
}

bool RemoteEngine::State::receive(Worker& worker) {
  auto received = worker.child->receive(milliseconds{0});
  if (received.status == child::Child::Status::timeout) return false;
  if (received.status == child::Child::Status::gone) {
    replace(worker, Reason::engine_crashed,
            !worker.ready          ? "the engine process died while it was starting"
            : worker.pages.empty() ? "the engine process died"
                                   : "the engine process died while it read the page");
    return false;
  }
  worker.heard = Clock::now();
  pass_on_log(worker);
  try {
    auto answer = protocol::decode_answer(received.packet.bytes);
    std::visit([&](auto& said) { on(worker, said); }, answer);
  } catch (const UsageError&) {
    throw;
  } catch (const LostForGood&) {
    throw;
  } catch (const Error& error) {
    // Of many pages one at most is to blame, and the others deserve another try.
    replace(worker, settings.continuous ? Reason::engine_crashed : Reason::engine_failed,
            fmt::format("the engine process answered nonsense ({})", error.what()));
    return false;
  }
  if (worker.lost.empty()) return true;
  replace(worker, Reason::engine_crashed, "the engine is lost: " + worker.lost);
  return false;
}

void RemoteEngine::State::on(Worker& worker, protocol::Hello& hello) {
  if (!hello.problem.empty()) throw UsageError{hello.problem};
  require(!worker.ready, "two hellos");
  worker.ready = true;
  worker.room = hello.room;
  failed_starts = 0;
  // A GPU that is gone makes a CPU of the next process: another speed by far, and other text.
  if (settings.continuous && !description.fingerprint.empty() &&
      description.fingerprint != hello.description.fingerprint)
    throw LostForGood{fmt::format(
        "the engine came back as another one ({} in place of {}). Is its GPU lost, or were its files changed?",
        hello.description.fingerprint, description.fingerprint)};
  description = std::move(hello.description);
}

void RemoteEngine::State::on(Worker& worker, const protocol::Loading& loading) {
  require(!worker.ready, "it loads after its hello");
  if (Clock::now() - worker.told_of_loading < tell_of_loading_every) return;
  worker.told_of_loading = Clock::now();
  log::info("the engine process loads its model: {:.1f} of {:.1f} GB",
            static_cast<double>(loading.done_bytes) / bytes_per_gb,
            static_cast<double>(loading.all_bytes) / bytes_per_gb);
}

void RemoteEngine::State::on(Worker& worker, const protocol::Update& update) {
  require(settings.continuous && worker.ready && update.taken <= numbers,
          "an update that cannot be");
  worker.room = update.room;
  worker.taken = update.taken;
}

void RemoteEngine::State::on(Worker& worker, Completion& completion) {
  const auto page = take_answered(worker, completion.ticket);
  if (page.cancelled) return;
  if (!std::holds_alternative<PageFailure>(completion.result)) suspects.erase(page.ticket);
  if (!settings.continuous) completion.seconds = seconds_since(page.began);
  completion.ticket = page.ticket;
  done.push_back(std::move(completion));
}

void RemoteEngine::State::on(Worker& worker, const protocol::Dropped& dropped) {
  const auto page = worker.pages.find(dropped.ticket);
  require(page != worker.pages.end() && page->second.cancelled,
          "it dropped a page that was not cancelled");
  worker.pages.erase(page);
}

void RemoteEngine::State::on(Worker& worker, const protocol::Lost& lost) {
  worker.lost = lost.why.empty() ? "it does not say why" : lost.why;
}

void RemoteEngine::State::poll_workers(milliseconds max_wait) {
  std::vector<pollfd> fds;
  for (const auto& worker : workers) fds.push_back({worker.child->fd(), POLLIN, 0});
  if (::poll(fds.data(), fds.size(), static_cast<int>(max_wait.count())) > 0) {
    for (std::size_t n = 0; n < workers.size(); ++n) {
      if (fds[n].revents == 0) continue;
      for (int heard = 0; heard < most_messages_at_once && receive(workers[n]); ++heard) {
      }
    }
  }
  // Where this process was suspended, the workers were, too, and could not say anything.
  const auto now = Clock::now();
  if (const auto gap = now - last_poll; gap > suspended) {
    for (auto& worker : workers) worker.heard += gap;
  }
  last_poll = now;
  for (auto& worker : workers) {
    const auto silence_s = worker.ready ? settings.watchdog_s : settings.start_silence_s.value_or(settings.watchdog_s);
    const auto bark = settings.continuous ? watch_silence(worker, silence_s)
                                          : watch_page(worker, settings.watchdog_s);
    if (bark) replace(worker, Reason::engine_timeout, *bark);
  }
  dispatch();
}

}  // namespace pecia::engine
