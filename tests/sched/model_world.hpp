#pragma once

#include <array>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sched/model_rules.hpp"

namespace pecia::test {

/// A state of the model. Cheap to copy: ranks are shared until something happens to them.
class World {
 public:
  World(const std::vector<plan::Share>& shares, const sched::Settings& like, const Budget& budget)
      : budget_{budget} {
    const auto job = job_of(shares);
    for (std::size_t rank = 0; rank < shares.size(); ++rank) {
      auto settings = like;
      settings.rank = static_cast<int>(rank);
      settings.size = static_cast<int>(shares.size());
      auto made = std::make_shared<ModelRank>(
          sched::Scheduler{
              settings, shares[rank], job,
              rank == 0 ? std::span<const plan::Share>{shares} : std::span<const plan::Share>{}},
          like.slots, budget.given_up);
      made->records.resize(job.pages);
      made->loading = budget.loading;
      ranks_.push_back(std::move(made));
    }
    channels_.resize(ranks_.size() * ranks_.size());
    for (int rank = 0; rank < size(); ++rank) settle(rank);
  }

  [[nodiscard]] int size() const { return static_cast<int>(ranks_.size()); }
  [[nodiscard]] const ModelRank& rank(int rank) const {
    return *ranks_[static_cast<std::size_t>(rank)];
  }
  [[nodiscard]] bool runs(int of) const { return !rank(of).stopped && !rank(of).finished; }
  [[nodiscard]] const std::string& problem() const { return problem_; }

  [[nodiscard]] bool ended() const {
    if (!rank(0).finished) return false;
    if (rank(0).abort) return true;
    for (int of = 0; of < size(); ++of) {
      if (runs(of)) return false;
    }
    return true;
  }

  /// All that can happen next. The first of them is what happens in an orderly world: messages
  /// arrive, then pages finish and are committed, then time passes.
  [[nodiscard]] std::vector<Event> events() const {
    std::vector<Event> events;
    if (ended() || !problem_.empty()) return events;
    for (int to = 0; to < size(); ++to) {
      for (int from = 0; runs(to) && from < size(); ++from) {
        if (!channel(from, to).empty()) events.push_back({Event::Kind::deliver, to, from});
      }
    }
    const bool quiet = events.empty();
    bool busy = false;
    for (int of = 0; of < size(); ++of) {
      if (!runs(of)) continue;
      if (rank(of).loading) events.push_back({Event::Kind::ready, of});
      for (std::size_t n = 0; n < rank(of).engine.size(); ++n) {
        if (rank(of).engine[n].reading)
          events.push_back({Event::Kind::finish, of, static_cast<int>(n)});
      }
      if (!rank(of).read.empty()) events.push_back({Event::Kind::commit, of});
      busy = busy || rank(of).loading || !rank(of).engine.empty() || !rank(of).read.empty();
    }
    if (quiet && !busy) events.push_back({Event::Kind::tick});
    if (quiet && busy && budget_.lags > 0) events.push_back({Event::Kind::lag});
    if (!quiet && budget_.hurries > 0) events.push_back({Event::Kind::hurry});
    add_mishaps(events);
    return events;
  }

  void apply(const Event& event) {
    switch (event.kind) {
      case Event::Kind::deliver:
        deliver(event.other, event.rank);
        break;
      case Event::Kind::ready:
        change(event.rank).loading = false;
        break;
      case Event::Kind::finish:
        change(event.rank).finish(static_cast<std::size_t>(event.other));
        break;
      case Event::Kind::commit:
        change(event.rank).commit();
        break;
      case Event::Kind::lag:
        --budget_.lags;
        return tick();
      case Event::Kind::hurry:
        --budget_.hurries;
        mishap_ = true;
        return tick();
      case Event::Kind::tick:
        return tick();
      case Event::Kind::die:
        --budget_.deaths;
        mishap_ = change(event.rank).stopped = true;
        forget_if_gone(event.rank);
        return;
      case Event::Kind::resume:
        --budget_.resumes;
        change(event.rank).stopped = false;
        for (int of = 0; of < size(); ++of) forget_if_gone(of);
        break;
      case Event::Kind::drain:
        --budget_.drains;
        drained_ = true;
        change(event.rank).scheduler.on_drain_requested();
        break;
      case Event::Kind::lose_engine:
        --budget_.engines_lost;
        mishap_ = true;
        change(event.rank).lose_engine();
        break;
    }
    settle(event.rank);
  }

  [[nodiscard]] int next_kind(int from, int to) const {
    return static_cast<int>(channel(from, to).front()->first.front());
  }

  /// The same for states from which the same can follow.
  [[nodiscard]] std::uint64_t fingerprint() const {
    std::uint64_t hash = 0xcbf29ce484222325ULL;
    const auto mix = [&](std::uint64_t value) {
      hash ^= value + 0x9e3779b97f4a7c15ULL + (hash << 6U) + (hash >> 2U);
      hash *= 0xff51afd7ed558ccdULL;
      hash ^= hash >> 32U;
    };
    for (std::size_t of = 0; of < ranks_.size(); ++of) mix(known_hash(of));
    for (const auto& line : channels_) {
      mix(line.size());
      for (const auto& message : line) mix(message->second);
    }
    for (const int left : {budget_.deaths, budget_.resumes, budget_.drains, budget_.engines_lost,
                           budget_.lags, budget_.hurries})
      mix(static_cast<std::uint64_t>(left));
    mix((mishap_ ? 1U : 0U) + (drained_ ? 2U : 0U) + (copied_ ? 4U : 0U));
    return hash;
  }

 private:
  using Message = std::shared_ptr<const std::pair<Bytes, std::uint64_t>>;  ///< with its hash
  using Line = std::deque<Message>;

  static std::uint64_t hash_of(const Bytes& bytes) {
    return std::hash<std::string_view>{}(
        {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }
  [[nodiscard]] const Line& channel(int from, int to) const {
    return channels_[static_cast<std::size_t>(from * size() + to)];
  }
  [[nodiscard]] Line& channel(int from, int to) {
    return channels_[static_cast<std::size_t>(from * size() + to)];
  }

  /// Who will never receive again.
  [[nodiscard]] bool gone(int of) const {
    return rank(of).finished || (rank(of).stopped && budget_.resumes == 0);
  }
  void forget_if_gone(int of) {
    if (!gone(of)) return;
    for (int from = 0; from < size(); ++from) channel(from, of).clear();
    hashes_[static_cast<std::size_t>(of)] = 0;
  }

  ModelRank& change(int of) {
    auto& shared = ranks_[static_cast<std::size_t>(of)];
    auto own = std::make_shared<ModelRank>(*shared);
    auto& changed = *own;
    shared = std::move(own);
    hashes_[static_cast<std::size_t>(of)] = 0;
    return changed;
  }

  void add_mishaps(std::vector<Event>& events) const {
    for (int of = 0; of < size(); ++of) {
      if (rank(of).finished) continue;
      if (rank(of).stopped && budget_.resumes > 0) events.push_back({Event::Kind::resume, of});
      if (rank(of).stopped) continue;
      if (of > 0 && budget_.deaths > 0) events.push_back({Event::Kind::die, of});
      if (budget_.drains > 0 && !rank(of).scheduler.draining())
        events.push_back({Event::Kind::drain, of});
      if (budget_.engines_lost > 0 && rank(of).has_engine && !rank(of).loading)
        events.push_back({Event::Kind::lose_engine, of});
    }
  }

  void deliver(int from, int to) {
    const auto message = channel(from, to).front();
    channel(from, to).pop_front();
    change(to).scheduler.on_message(from, message->first);
  }

  void tick() {
    now_s_ += 1;
    for (std::size_t of = 0; of < ranks_.size(); ++of) {
      hashes_[of] = 0;
      if (!runs(static_cast<int>(of))) continue;
      change(static_cast<int>(of));
      settle(static_cast<int>(of));
    }
  }

  /// What the owner of a scheduler does after every event, until there is nothing left to do.
  void settle(int of) {
    auto& rank = *ranks_[static_cast<std::size_t>(of)];  // already its own
    rank.scheduler.on_time(now_s_);
    rank.hand_out();
    while (const auto command = rank.scheduler.next_command()) {
      rank.obey(*command);
      rank.hand_out();
    }
    if (rank.scheduler.all_closed()) {
      rank.scheduler.on_bound();
      while (const auto command = rank.scheduler.next_command()) rank.obey(*command);
    }
    while (auto out = rank.scheduler.next_outgoing()) {
      if (out->to == of) problem_ = "a message to itself";
      if (gone(out->to)) continue;
      const auto hash = hash_of(out->bytes);
      channel(of, out->to)
          .push_back(
              std::make_shared<const std::pair<Bytes, std::uint64_t>>(std::move(out->bytes), hash));
    }
    hashes_[static_cast<std::size_t>(of)] = 0;
    forget_if_gone(of);
    look();
  }

  void look() {
    copied_ = copied_ || rank(0).scheduler.progress().copies > 0 ||
              std::ranges::any_of(ranks_, [](const auto& one) { return SchedulerProbe::lends_a_copy(one->scheduler); });
    const auto granted = [this](std::uint32_t page) { return times_granted(page); };
    const auto broken = broken_rule({ranks_, mishap_, drained_, copied_}, granted);
    if (!broken.empty()) problem_ = broken;
    for (const auto& rank : ranks_) {
      if (!rank->problem.empty()) problem_ = rank->problem;
    }
  }

  /// Grants under way that have a page.
  [[nodiscard]] int times_granted(std::uint32_t page) const {
    int times = 0;
    for (const auto& line : channels_) {
      for (const auto& message : line) {
        ByteReader in{message->first};
        if (in.get<sched::Kind>() != sched::Kind::grant) continue;
        (void)in.get<std::uint32_t>();
        for (const auto& task : sched::decode_tasks(in))
          times += static_cast<int>(task.index == page);
      }
    }
    return times;
  }

  [[nodiscard]] std::uint64_t known_hash(std::size_t of) const {
    if (hashes_[of] != 0) return hashes_[of];
    const auto& rank = *ranks_[of];
    if (rank.finished || (rank.stopped && budget_.resumes == 0)) {
      // Only what it has written matters.
      ByteWriter out;
      for (const auto records : rank.records) out.put(records);
      out.put(rank.closed).put(rank.finished);
      return hashes_[of] = hash_of(out.bytes());
    }
    auto bytes = SchedulerProbe::state(rank.scheduler, now_s_);
    ByteWriter out;
    out.put(rank.has_engine).put(rank.loading).put(rank.stopped).put(rank.closed);
    for (const auto& page : rank.engine) out.put(page.task.index).put(page.task.engine_class).put(page.reading);
    out.put(std::uint32_t{0xffffffff});
    for (const auto index : rank.read) out.put(index);
    for (const auto records : rank.records) out.put(std::min<std::uint8_t>(records, 2));
    bytes.insert(bytes.end(), out.bytes().begin(), out.bytes().end());
    return hashes_[of] = hash_of(bytes);
  }

  Budget budget_;
  double now_s_ = 0;
  std::vector<std::shared_ptr<ModelRank>> ranks_;
  mutable std::array<std::uint64_t, 4> hashes_{};
  std::vector<Line> channels_;  ///< from x size + to
  bool mishap_ = false, drained_ = false, copied_ = false;
  std::string problem_;
};

}  // namespace pecia::test
