// How a rank comes by the pages of another, and gives some of its own.
#include <algorithm>
#include <unordered_set>
#include <utility>

#include "rank.hpp"

namespace pecia::sched {
namespace {

/// After so many refusals in a row a thief rests, for twice as long each time.
constexpr int most_refusals = 4;
constexpr double longest_rest_s = 10;
/// How long a victim may take to answer: its main thread polls every few milliseconds.
constexpr double patience_s = 1;
constexpr std::size_t most_victims = 32;

void remember(std::vector<std::uint32_t>& ranks, std::uint32_t rank) {
  std::erase(ranks, rank);
  ranks.insert(ranks.begin(), rank);
  if (ranks.size() > most_victims) ranks.pop_back();
}

}  // namespace

// ---- thief

/// Looks for work while the last page is being read, so that the engine need not wait.
bool Scheduler::Impl::hungry() const noexcept {
  const auto slots = static_cast<std::size_t>(settings_.slots);
  if (!works() || benched_ || !clock_started_ || queue_.size(level_) > 0) return false;
  if (class_ == EngineClass::engine && !helped_ && others_.size(level_) > 0) return false;
  if (level_ == Level::alone && in_flight() > 0) return false;  // nothing can be started before it is committed
  switch (settings_.stealing) {
    case Stealing::off: return false;
    case Stealing::page: return settings_.rank != 0 && holding() < slots;
    case Stealing::half: break;
  }
  return settings_.size > 1 && holding() <= slots;
}

void Scheduler::Impl::seek() {
  if (!hungry()) return;
  const bool waited = now_s_ >= seeking_until_s_;
  switch (seeking_) {
    case Seeking::nothing: ask(); break;
    case Seeking::rest:
      if (waited) ask();
      break;
    case Seeking::offer:
      if (waited) rest();
      break;
    case Seeking::grant:  // the victim may have stopped; should its grant come after all, it holds
      if (waited) request_next();
      break;
  }
}

void Scheduler::Impl::ask() {
  victims_.clear();
  refusals_ = 0;
  if (settings_.stealing == Stealing::page) {
    victims_.push_back(0);
    request_next();
    return;
  }
  seeking_ = Seeking::offer;
  seeking_until_s_ = now_s_ + 5 * patience_s;
  ByteWriter message;
  message.put(Kind::ask).put(may_start());
  encode(message, make_report());  // so that rank 0 decides by what is true
  tell(0, std::move(message).bytes());
  accept_loans();
}

void Scheduler::Impl::on_offer(std::vector<std::uint32_t> ranks) {
  // Also unasked: rank 0 has found something since, or another rank lags behind.
  if (seeking_ == Seeking::grant || !works() || benched_) return;
  refusals_ = 0;
  victims_.assign(ranks.begin(), ranks.end());
  known_rich_ = std::move(ranks);
  request_next();
}

void Scheduler::Impl::request_next() {
  while (!victims_.empty()) {
    asked_rank_ = static_cast<int>(victims_.front());
    victims_.pop_front();
    if (asked_rank_ == settings_.rank || asked_rank_ < 0 || asked_rank_ >= settings_.size || suspects_.contains(asked_rank_))
      continue;
    seeking_ = Seeking::grant;
    seeking_until_s_ = now_s_ + patience_s;
    ByteWriter request;
    request.put(Kind::request).put(throughput()).put(queue_.cost_s(level_) / throughput());
    request.put(level_).put(may_start()).put(static_cast<std::uint32_t>(settings_.slots));
    tell(asked_rank_, std::move(request).bytes());
    return;
  }
  rest();
}

void Scheduler::Impl::on_refuse(const std::vector<std::uint32_t>& ranks) {
  if (seeking_ != Seeking::grant) return;
  for (const auto rank : ranks) {
    if (std::ranges::find(victims_, rank) == victims_.end() && static_cast<int>(rank) != asked_rank_)
      victims_.push_back(rank);
  }
  if (++refusals_ >= most_refusals) victims_.clear();
  request_next();
}

/// At random, or hundreds that ran dry at once would come back at once.
void Scheduler::Impl::rest() {
  if (!hungry()) {
    seeking_ = Seeking::nothing;
    return;
  }
  seeking_ = Seeking::rest;
  dry_ = true;
  seeking_until_s_ = now_s_ + rest_s_ * std::uniform_real_distribution{0.5, 1.5}(random_);
  rest_s_ = std::min(2 * rest_s_, longest_rest_s);
}

void Scheduler::Impl::on_grant(int from, std::uint32_t number, const std::vector<plan::Task>& tasks,
                               const std::vector<std::uint32_t>& moves, Histories histories) {
  require(moves.size() == tasks.size(), "a grant without the moves of its pages");
  // Accepted with the next report, which tells rank 0: until then the victim answers for the pages.
  // Accepted also by a rank that drains: nobody else would know of the pages then, and it gives them
  // back unread as it does its own.
  accepting_.emplace_back(from, number);
  for (std::size_t n = 0; n < tasks.size(); ++n) acquired_.push_back({tasks[n].index, moves[n]});
  seeking_ = Seeking::nothing;
  rest_s_ = shortest_rest_s;
  dry_ = false;
  remember(known_rich_, static_cast<std::uint32_t>(from));
  keep(std::move(histories));
  take_over(tasks, moves);
}

void Scheduler::Impl::on_copy(const plan::Task& task, std::uint32_t moves) {
  require(task.index < job_.manifest_pages, "a page was given to be copied that is not in the manifest");
  seeking_ = Seeking::nothing;
  dry_ = true;
  if (!works()) return;
  moves_[task.index] = std::max(moves_of(task.index), moves);
  drop([&](const plan::Task& other) { return other.index == task.index; });
  queue_of(class_of(task)).put_back(task);
}

void Scheduler::Impl::on_adopt(const std::vector<plan::Task>& tasks, const std::vector<std::uint32_t>& moves) {
  require(moves.size() == tasks.size(), "pages to adopt without their moves");
  take_over(tasks, moves);
  report();
}

void Scheduler::Impl::take_over(const std::vector<plan::Task>& tasks, const std::vector<std::uint32_t>& moves) {
  for (const auto& task : tasks) require(task.index < job_.manifest_pages, "a page was granted that is not in the manifest");
  std::unordered_set<std::uint32_t> again;  // here already, by another way
  for (std::size_t n = 0; n < tasks.size(); ++n) {
    const auto [known, is_new] = moves_.try_emplace(tasks[n].index, moves[n]);
    if (is_new) continue;
    known->second = std::max(known->second, moves[n]);
    again.insert(tasks[n].index);
  }
  if (!works()) return;
  if (!again.empty()) drop([&](const plan::Task& task) { return again.contains(task.index); });
  merge(tasks);
}

std::uint32_t Scheduler::Impl::moves_of(std::uint32_t index) const {
  const auto known = moves_.find(index);
  return known == moves_.end() ? 0 : known->second;
}

// ---- victim

void Scheduler::Impl::on_request(const Request& request) {
  if (!works() || suspects_.contains(request.thief)) {
    refuse(request.thief);
  } else if (grant(request)) {
    return;
  } else if (holds_waiting_for(request.thief) && !holds_alone() && request.may_start && settings_.stealing == Stealing::half) {
    pending_.push_back(request);
    if (!recalling_) commands_.push_back({Command::Kind::recall});
    recalling_ = true;
  } else if (!copy_for(request)) {
    refuse(request.thief);
  }
}

/// Nothing is unstarted: the page in flight that takes longest, if the thief would probably be sooner
/// done with it. Whoever is first wins; rank 0 tells the other to stop.
bool Scheduler::Impl::copy_for(const Request& request) {
  if (!settings_.backup || !request.may_start || settings_.stealing != Stealing::half) return false;
  if (level_ < Level::low) return false;  // there is more to begin, soon
  Held* longest = nullptr;
  double longest_s = 0;
  for (auto& [index, held] : held_) {
    if (held.started_s < 0 || held.copied || held.revoked || held.task.alone || !reads(request.thief, class_of(held.task)))
      continue;
    const double expected_s = static_cast<double>(held.task.cost_s) / rate();
    const double remaining_s = expected_remaining_s(expected_s, now_s_ - held.started_s);
    const double thief_s = static_cast<double>(held.task.cost_s) * request.slots / request.throughput;
    if (remaining_s <= std::max(thief_s, longest_s)) continue;
    longest = &held;
    longest_s = remaining_s;
  }
  if (!longest) return false;
  longest->copied = true;
  copied_.push_back({longest->task.index, request.thief, moves_of(longest->task.index)});
  ByteWriter copy;
  copy.put(Kind::copy);
  encode(copy, longest->task);
  copy.put(moves_of(longest->task.index));
  encode(copy, histories_of({&longest->task, 1}));
  tell(request.thief, std::move(copy).bytes());
  return true;
}

std::vector<plan::Task> Scheduler::Impl::pages_for(const Request& request) {
  const auto last = std::min(request.level, level_);
  const auto thief_is = class_of(settings_, request.thief);
  const bool also_others = thief_is == EngineClass::engine && !helped_;
  std::vector<plan::Task> tasks;
  if (thief_is != class_ || (also_others && queue_.size(last) == 0)) tasks = others_.take(0.5, last, request.may_start);
  if (!tasks.empty()) unhelped_since_s_ = now_s_;
  if (!tasks.empty() || (thief_is != class_ && !also_others)) return tasks;
  // So that both end at one time.
  const double own_s = queue_.cost_s(level_) / throughput();
  const double ahead = own_s > 0 ? std::max(0.0, 1 - request.load_s / own_s) : 1;
  const double share = benched_ ? 0.5 : ahead * request.throughput / (request.throughput + throughput());
  return settings_.stealing == Stealing::page ? queue_.take_one(last) : queue_.take(share, last, request.may_start);
}

bool Scheduler::Impl::grant(const Request& request) {
  auto tasks = pages_for(request);
  if (tasks.empty()) return false;
  ByteWriter message;
  message.put(Kind::grant).put(next_loan_);
  encode(message, tasks);
  std::vector<std::uint32_t> moves;
  for (const auto& task : tasks) moves.push_back(moves_of(task.index) + 1);
  encode(message, moves);
  encode(message, histories_of(tasks));
  lent_.push_back({next_loan_++, request.thief, std::move(tasks)});
  remember(known_rich_, static_cast<std::uint32_t>(request.thief));
  tell(request.thief, std::move(message).bytes());
  return true;
}

void Scheduler::Impl::refuse(int thief) {
  ByteWriter message;
  message.put(Kind::refuse);
  auto ranks = known_rich_;
  std::erase(ranks, static_cast<std::uint32_t>(thief));
  encode(message, ranks);
  tell(thief, std::move(message).bytes());
}

void Scheduler::Impl::on_recalled() {
  recalling_ = false;
  for (const auto& request : std::exchange(pending_, {})) {
    if (!works() || (!grant(request) && !copy_for(request))) refuse(request.thief);
  }
}

void Scheduler::Impl::on_accept(int from, std::uint32_t number) {
  std::erase_if(lent_, [number](const Loan& loan) { return loan.number == number; });
  // The thief had stopped, and its pages were taken back; now it goes on.
  if (const auto pages = reclaimed_.extract(number)) {
    ByteWriter revoke;
    revoke.put(Kind::revoke);
    encode(revoke, pages.mapped());
    tell(from, std::move(revoke).bytes());
  }
}

void Scheduler::Impl::on_suspect(int rank, bool suspect) {
  if (!suspect) {
    suspects_.erase(rank);
    return;
  }
  if (rank == settings_.rank) return;
  suspects_.insert(rank);
  std::erase_if(lent_, [&](const Loan& loan) {
    if (loan.thief != rank) return false;
    auto& pages = reclaimed_[loan.number];
    for (const auto& task : loan.tasks) {
      const auto moves = moves_of(task.index) + 1;
      pages.push_back({task.index, moves});
      // The thief may yet say that they are its own: this is later.
      moves_[task.index] = moves + 1;
      acquired_.push_back({task.index, moves + 1});
    }
    if (works()) merge(loan.tasks);
    return true;
  });
  if (seeking_ == Seeking::grant && asked_rank_ == rank) request_next();
}

void Scheduler::Impl::on_revoke(const std::vector<Move>& pages) {
  std::unordered_set<std::uint32_t> indices;
  for (const auto& page : pages) {
    if (moves_of(page.index) <= page.moves) indices.insert(page.index);
  }
  const auto unwanted = [&](const plan::Task& task) { return indices.contains(task.index); };
  if (unstarted() > 0) drop(unwanted);
  for (auto& loan : lent_) std::erase_if(loan.tasks, unwanted);  // not to be taken back
  for (const auto index : indices) {
    const auto held = held_.find(index);
    if (held == held_.end() || held->second.revoked) continue;
    held->second.revoked = true;
    Command cancel{Command::Kind::cancel};
    cancel.page = index;
    commands_.push_back(cancel);
  }
}

}  // namespace pecia::sched
