// RemoteEngine with a process that has many pages at once, and serve_continuous, its other side.
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <deque>
#include <map>
#include <random>
#include <set>
#include <thread>

#include "engine/engine_contract.hpp"
#include "engine/model_worker.hpp"
#include "pecia/base/error.hpp"
#include "pecia/engine/remote_engine.hpp"
#include "pecia/engine/retry.hpp"

namespace pecia {
namespace continuous_test {

using engine::RemoteEngine;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr std::size_t queue_bytes = 1 << 20;
constexpr int page_side_px = 100;
constexpr int plain = 255;

engine::RemoteSettings model(int pages, std::size_t bytes = queue_bytes, const std::string& what = "") {
  engine::RemoteSettings made;
  made.program.executable = PECIA_MODEL_WORKER;
  made.program.arguments = {std::to_string(pages), std::to_string(bytes), what};
  made.continuous = true;
  made.watchdog_s = 60;
  return made;
}

page::Image page_of(int gray) { return test::plain_page(page_side_px, page_side_px, gray); }

void submit(engine::Engine& engine, std::uint64_t ticket, int gray) {
  const auto until = Clock::now() + std::chrono::seconds{30};
  while (engine.room().pages == 0 && Clock::now() < until) ASSERT_TRUE(engine.step(milliseconds{10}).empty());
  engine.submit(ticket, engine.prepare(page_of(gray), test::english()));
}

/// The next `count` pages that come out, in that order.
std::vector<engine::Completion> next_pages(engine::Engine& engine, std::size_t count) {
  std::vector<engine::Completion> all;
  const auto until = Clock::now() + std::chrono::seconds{60};
  while (all.size() < count && Clock::now() < until) {
    for (auto& completion : engine.step(test::step_wait)) all.push_back(std::move(completion));
  }
  EXPECT_EQ(all.size(), count);
  return all;
}

Reason reason_of(const engine::Completion& completion) {
  const auto* failure = std::get_if<engine::PageFailure>(&completion.result);
  return failure ? failure->reason : Reason::none;
}

std::string detail_of(const engine::Completion& completion) {
  const auto* failure = std::get_if<engine::PageFailure>(&completion.result);
  return failure ? failure->detail : "";
}

/// The message of the exception that ends the engine.
template <class Exception>
std::string end_of(engine::Engine& engine) {
  const auto until = Clock::now() + std::chrono::seconds{60};
  try {
    while (Clock::now() < until) (void)engine.step(test::step_wait);
  } catch (const Exception& error) {
    return error.what();
  }
  return "(it goes on)";
}

template <class Exception>
std::string problem_at_start(const engine::RemoteSettings& settings) {
  try {
    RemoteEngine engine{settings};
  } catch (const Exception& error) {
    return error.what();
  }
  return "(it starts)";
}

TEST(Continuous, MeetsTheContract) {
  for (const int pages : {1, 4, 100}) {
    RemoteEngine engine{model(pages)};
    test::meets_the_contract(engine);
  }
}

TEST(Continuous, PagesComeOutAsTheyFinish) {
  RemoteEngine engine{model(4)};
  submit(engine, 1, test::is_endless);
  submit(engine, 2, plain);
  EXPECT_EQ(next_pages(engine, 1).at(0).ticket, 2U);
}

TEST(Continuous, TheModelKnowsOfAPagesMultipleOfTheTime) {
  RemoteEngine engine{model(4)};
  auto options = test::english();
  options.time_scale = 2;
  engine.submit(1, engine.prepare(page_of(plain), options));
  EXPECT_EQ(test::text_of(next_pages(engine, 1).at(0)), "100 px, gray 255, in 2 times the time");
}

TEST(Continuous, ACancelledPageMakesRoomInTheModel) {
  RemoteEngine engine{model(1)};
  submit(engine, 1, test::is_endless);
  submit(engine, 2, test::is_endless);  // waits for the first
  submit(engine, 3, plain);
  EXPECT_TRUE(engine.step(milliseconds{200}).empty());
  engine.cancel(2);
  engine.cancel(1);
  const auto done = next_pages(engine, 1);
  EXPECT_EQ(done[0].ticket, 3U);
  EXPECT_EQ(test::text_of(done[0]), "100 px, gray 255");
}

TEST(Continuous, ATicketMayComeAgainAtOnce) {
  RemoteEngine engine{model(2)};
  for (int n = 0; n < 20; ++n) {  // the first may or may not be read before it is cancelled
    submit(engine, 1, 100);
    std::this_thread::sleep_for(milliseconds{n});
    engine.cancel(1);
    submit(engine, 1, plain);
    const auto done = next_pages(engine, 1);
    EXPECT_EQ(test::text_of(done[0]), "100 px, gray 255");
  }
  EXPECT_TRUE(engine.step(milliseconds{50}).empty());
}

TEST(Continuous, NoMorePagesAreHandedOverThanTheQueueHoldsBytes) {
  constexpr std::size_t image_bytes = page_side_px * page_side_px;
  RemoteEngine engine{model(1, image_bytes + image_bytes / 2)};
  std::uint64_t ticket = 0;
  auto until = Clock::now() + std::chrono::seconds{30};
  while (Clock::now() < until) {
    if (engine.room().pages > 0) {
      engine.submit(++ticket, engine.prepare(page_of(test::is_endless), test::english()));
      if (ticket >= 3) until = Clock::now() + milliseconds{500};  // for one that should not get in
    } else {
      EXPECT_TRUE(engine.step(milliseconds{20}).empty());
    }
  }
  EXPECT_EQ(ticket, 3U) << "one in the model, one and the one that goes over the edge in the queue";
}

TEST(Continuous, AProcessThatDiesCostsItsPagesAnAttempt) {
  RemoteEngine engine{model(8)};
  for (std::uint64_t ticket = 1; ticket <= 5; ++ticket) submit(engine, ticket, test::is_endless);
  ASSERT_EQ(::kill(engine.worker_pids().front(), SIGKILL), 0);
  std::set<std::uint64_t> tickets;
  for (const auto& completion : next_pages(engine, 5)) {
    EXPECT_EQ(reason_of(completion), Reason::engine_lost);
    EXPECT_NE(detail_of(completion).find("(with 4 pages more in it)"), std::string::npos) << detail_of(completion);
    tickets.insert(completion.ticket);
  }
  EXPECT_EQ(tickets.size(), 5U);
  submit(engine, 1, plain);
  EXPECT_EQ(reason_of(next_pages(engine, 1)[0]), Reason::none) << "another took its place";
}

/// Reads pages as a rank does, with the retry rules; the reasons of each page's attempts.
std::map<std::uint64_t, std::vector<Reason>> read_with_retries(engine::Engine& engine, const std::vector<int>& grays,
                                                               engine::RetryOf rules = {}) {
  std::map<std::uint64_t, std::vector<result::Attempt>> history;
  std::deque<std::uint64_t> to_read;
  for (std::uint64_t n = 0; n < grays.size(); ++n) to_read.push_back(n);
  for (std::size_t ended = 0; ended < grays.size();) {
    while (!to_read.empty() && engine.room().pages > 0) {
      const auto ticket = to_read.front();
      to_read.pop_front();
      engine.submit(ticket, engine.prepare(page_of(grays[ticket]), test::english()));
    }
    for (const auto& completion : engine.step(test::step_wait)) {
      auto& attempts = history[completion.ticket];
      attempts.push_back({"", reason_of(completion), "", 0});
      if (reason_of(completion) != Reason::none && engine::next_attempt(attempts, {}, rules).again)
        to_read.push_back(completion.ticket);
      else
        ++ended;
    }
  }
  std::map<std::uint64_t, std::vector<Reason>> reasons;
  for (const auto& [ticket, attempts] : history) {
    for (const auto& attempt : attempts) reasons[ticket].push_back(attempt.reason);
  }
  return reasons;
}

TEST(Continuous, APageThatKillsItsProcessDoesNotTakeOthersWithIt) {
  for (const auto poison : {test::kills_its_process, test::loses_the_device, test::is_read_as_nonsense}) {
    RemoteEngine engine{model(8)};
    const auto reasons =
        read_with_retries(engine, {test::is_slow, test::is_slow, test::is_slow, poison, test::is_slow, test::is_slow});
    for (const auto& [ticket, attempts] : reasons) {
      if (ticket == 3) {
        EXPECT_EQ(attempts.front(), Reason::engine_lost) << poison;
        EXPECT_EQ(attempts.back(), Reason::engine_crashed) << "alone, " << poison;
        EXPECT_LE(attempts.size(), 3U) << "engine.restarts is enough for it";
      } else
        EXPECT_EQ(attempts.back(), Reason::none) << "page " << ticket << " next to " << poison;
    }
  }
}

/// How many of 8 pages are in the model once it has those of a process that died with `before` in it.
int together_after_a_death(int before) {
  RemoteEngine engine{model(8)};
  for (int n = 0; n < before; ++n) submit(engine, static_cast<std::uint64_t>(n), test::is_endless);
  EXPECT_EQ(::kill(engine.worker_pids().front(), SIGKILL), 0);
  (void)next_pages(engine, static_cast<std::size_t>(before));
  int inside = 0;
  auto until = Clock::now() + std::chrono::seconds{30};  // a busy machine may take long to start the next process
  for (; Clock::now() < until; (void)engine.step(milliseconds{10})) {
    if (engine.room().pages == 0 || inside == before) continue;
    engine.submit(static_cast<std::uint64_t>(inside++), engine.prepare(page_of(test::is_endless), test::english()));
    until = Clock::now() + milliseconds{500};  // for one that should not get in
  }
  return inside;
}

TEST(Continuous, PagesOfAProcessThatDiedAreTriedHalfAsManyAtOnce) {
  EXPECT_EQ(together_after_a_death(8), 4);
  EXPECT_EQ(together_after_a_death(2), 1);
}

TEST(Continuous, APageThatHangsDoesNotTakeOthersWithIt) {
  auto settings = model(8);
  settings.watchdog_s = 5;
  settings.start_silence_s = 60;  // a busy machine may take long to start a process
  RemoteEngine engine{settings};
  const auto reasons = read_with_retries(engine, {test::is_slow, test::is_slow, test::hangs, test::is_slow});
  for (const auto& [ticket, attempts] : reasons) {
    if (ticket == 2)
      EXPECT_EQ(attempts, (std::vector{Reason::engine_lost, Reason::engine_timeout}));
    else
      EXPECT_EQ(attempts.back(), Reason::none) << "page " << ticket;
  }
}

TEST(Continuous, PagesOfLowPriorityDoNotPayForAnother) {
  for (const auto poison : {test::kills_its_process, test::hangs}) {
    auto settings = model(8);
    settings.watchdog_s = 5;
    settings.start_silence_s = 60;  // a busy machine may take long to start a process
    RemoteEngine engine{settings};
    const auto reasons = read_with_retries(
        engine, {test::is_slow, test::is_slow, test::is_slow, poison, test::is_slow, test::is_slow}, {false, true});
    for (const auto& [ticket, attempts] : reasons) {
      if (ticket == 3) continue;
      EXPECT_EQ(attempts.back(), Reason::none) << "page " << ticket << " next to " << poison;
    }
    EXPECT_NE(reasons.at(3).back(), Reason::none);
    EXPECT_NE(reasons.at(3).back(), Reason::engine_lost) << "tried alone";
  }
}

TEST(Continuous, EveryPageComesOutOnceWhateverHappens) {
  constexpr int events = 600;
  auto settings = model(6);
  settings.restarts = events;
  RemoteEngine engine{settings};
  std::mt19937 random{20};
  std::set<std::uint64_t> inside;
  std::uint64_t next_ticket = 0;
  const auto take_out = [&](std::vector<engine::Completion> done) {
    for (const auto& completion : done)
      EXPECT_EQ(inside.erase(completion.ticket), 1U) << "ticket " << completion.ticket << " was cancelled, or is out";
  };
  for (int n = 0; n < events; ++n) {
    const auto event = random() % 100;
    if (event < 60 && engine.room().pages > 0) {
      const auto ticket = random() % 4 == 0 && next_ticket > 0 ? random() % next_ticket : next_ticket++;
      if (!inside.insert(ticket).second) continue;
      engine.submit(ticket, engine.prepare(page_of(static_cast<int>(100 + random() % 100)), test::english()));
    } else if (event < 75 && !inside.empty()) {
      const auto ticket = *std::next(inside.begin(), static_cast<std::ptrdiff_t>(random() % inside.size()));
      engine.cancel(ticket);
      inside.erase(ticket);
    } else if (event < 78) {
      ASSERT_EQ(::kill(engine.worker_pids().front(), SIGKILL), 0);
    } else {
      take_out(engine.step(milliseconds{random() % 10}));
    }
  }
  const auto until = Clock::now() + std::chrono::seconds{30};
  while (!inside.empty() && Clock::now() < until) take_out(engine.step(test::step_wait));
  EXPECT_TRUE(inside.empty()) << inside.size() << " pages never came out";
}

TEST(Continuous, WhatTheModelSaidAtItsEndIsKept) {
  RemoteEngine engine{model(2)};
  submit(engine, 1, test::loses_the_device);
  const auto done = next_pages(engine, 1);
  EXPECT_NE(detail_of(done[0]).find("illegal memory access"), std::string::npos) << detail_of(done[0]);
}

TEST(Continuous, APageThatCannotBePreparedFailsAlone) {
  RemoteEngine engine{model(4)};
  const auto done = test::read_all(engine, {page_of(plain), page_of(test::cannot_be_prepared), page_of(plain)});
  EXPECT_EQ(reason_of(done.at(2)), Reason::engine_failed);
  EXPECT_EQ(detail_of(done.at(2)), "a page that cannot be prepared");
  EXPECT_EQ(reason_of(done.at(1)), Reason::none);
  EXPECT_EQ(reason_of(done.at(3)), Reason::none);
}

TEST(Continuous, IsLostForGoodAfterItsRestarts) {
  auto settings = model(1);
  settings.restarts = 1;
  RemoteEngine engine{settings};
  submit(engine, 1, test::kills_its_process);
  EXPECT_EQ(reason_of(next_pages(engine, 1)[0]), Reason::engine_crashed);
  submit(engine, 1, test::kills_its_process);
  const auto why = end_of<engine::LostForGood>(engine);
  EXPECT_NE(why.find("engine.restarts is 1"), std::string::npos) << why;
}

TEST(Continuous, AModelWithoutRoomForAPageSaysSo) {
  auto settings = model(0);
  settings.restarts = 0;
  RemoteEngine engine{settings};
  submit(engine, 1, plain);
  const auto why = end_of<engine::LostForGood>(engine);
  EXPECT_NE(why.find("no room"), std::string::npos) << why;
}

TEST(Continuous, NonsenseCostsTheProcess) {
  for (const auto* nonsense : {"garbage", "wrong-ticket", "bad-text", "two-hellos", "bad-update", "drops"}) {
    auto settings = model(1);
    settings.program.executable = PECIA_BAD_WORKER;
    settings.program.arguments = {nonsense};
    RemoteEngine engine{settings};
    submit(engine, 1, plain);
    const auto done = next_pages(engine, 1);
    EXPECT_EQ(reason_of(done[0]), Reason::engine_crashed) << nonsense;
    EXPECT_NE(detail_of(done[0]).find("nonsense"), std::string::npos) << detail_of(done[0]);
  }
}

TEST(Continuous, LoadingMayTakeLongAsLongAsItGoesOn) {
  auto settings = model(1, queue_bytes, "loads-slowly");
  settings.watchdog_s = 1.5;
  RemoteEngine engine{settings};
  submit(engine, 1, plain);
  EXPECT_EQ(reason_of(next_pages(engine, 1)[0]), Reason::none);
}

TEST(Continuous, SaysWhyItDoesNotStart) {
  EXPECT_EQ(problem_at_start<UsageError>(model(1, queue_bytes, "has-a-problem")), "the weights are not there");
  const auto refused = problem_at_start<engine::LostForGood>(model(1, queue_bytes, "cannot-start"));
  EXPECT_NE(refused.find("CUDA error: out of memory"), std::string::npos) << refused;
  const auto died = problem_at_start<engine::LostForGood>(model(1, queue_bytes, "dies-at-start"));
  EXPECT_NE(died.find("exited with status 4"), std::string::npos) << died;
  auto hanging = model(1, queue_bytes, "starts-never");
  hanging.watchdog_s = 0.3;
  const auto silent = problem_at_start<engine::LostForGood>(hanging);
  EXPECT_NE(silent.find("said nothing"), std::string::npos) << silent;
}

TEST(Continuous, WhatTheProcessLogsIsInTheLogOfTheRank) {
  ::testing::internal::CaptureStderr();
  {
    RemoteEngine engine{model(1, queue_bytes, "logs")};
    submit(engine, 1, plain);
    (void)next_pages(engine, 1);
  }
  const auto log = ::testing::internal::GetCapturedStderr();
  for (const auto* line : {" warning model_worker: little memory\n", " info model_worker: 16 pages together\n",
                           " info model_worker: what a library prints\n"})
    EXPECT_NE(log.find(line), std::string::npos) << log;
}

TEST(Continuous, SignalsOfTheLauncherDoNotReachIt) {
  RemoteEngine engine{model(2)};
  const auto pid = engine.worker_pids().front();
  submit(engine, 1, test::is_slow);
  for (const int number : {SIGINT, SIGTERM, SIGUSR1}) ASSERT_EQ(::kill(pid, number), 0);
  EXPECT_EQ(reason_of(next_pages(engine, 1)[0]), Reason::none);
  EXPECT_EQ(engine.worker_pids().front(), pid);
}

TEST(Continuous, EndsWithItsSocket) {
  std::array<int, 2> sockets{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets.data()), 0);
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::dup2(sockets[1], 3);
    ::fcntl(3, F_SETFD, 0);  // dup2 onto itself leaves it to be closed
    ::execl(PECIA_MODEL_WORKER, PECIA_MODEL_WORKER, "1", "1000", nullptr);
    ::_exit(99);
  }
  ::close(sockets[1]);
  std::array<char, 8> hello{};
  ASSERT_EQ(::read(sockets[0], hello.data(), hello.size()), 8) << "it runs";
  ::close(sockets[0]);
  int status = 0;
  const auto until = Clock::now() + std::chrono::seconds{20};
  while (::waitpid(pid, &status, WNOHANG) == 0 && Clock::now() < until) std::this_thread::sleep_for(milliseconds{5});
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_LE(WEXITSTATUS(status), 1) << "1 where it noticed by a message that it could not send";
  EXPECT_LT(Clock::now(), until);
  ::kill(pid, SIGKILL);
}

}  // namespace continuous_test
}  // namespace pecia
