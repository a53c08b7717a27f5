#include <signal.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "engine/engine_contract.hpp"
#include "pecia/base/error.hpp"
#include "pecia/engine/factory.hpp"
#include "pecia/engine/remote_engine.hpp"
#include "support/confined.hpp"
#include "support/temp_folder.hpp"

namespace pecia {
namespace engine_test {

engine::EngineSettings settings(const char* name, int threads) {
  engine::EngineSettings made;
  made.name = name;
  made.threads = threads;
  made.languages = {"eng"};
  return made;
}

TEST(Echo, MeetsTheContract) { test::meets_the_contract(*engine::make_engine(settings("echo", 1))); }

TEST(Replay, MeetsTheContract) { test::meets_the_contract(*engine::make_engine(settings("replay", 2))); }

TEST(Tesseract, MeetsTheContractInWorkers) {
  const auto engine = engine::make_engine(settings("tesseract", 2));
  test::meets_the_contract(*engine);
  test::a_bad_page_leaves_its_neighbours_alone(*engine);
}

TEST(Tesseract, AMissingLanguageNamesItsPackage) {
  auto made = settings("tesseract", 1);
  made.languages = {"eng", "chi_zzz"};
  try {
    (void)engine::make_engine(made);
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_NE(std::string{error.what()}.find("tesseract-ocr-chi-zzz"), std::string::npos) << error.what();
  }
}

TEST(Factory, AnUnknownEngineNamesTheKnownOnes) {
  try {
    (void)engine::make_engine(settings("tesserakt", 1));
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_NE(std::string{error.what()}.find("tesseract, deepseek_ocr2, replay, echo"), std::string::npos);
  }
}

TEST(Factory, AModelThatCannotBeHadSaysHowToGetIt) {
  auto made = settings("deepseek_ocr2", 1);
  made.deepseek.weights = "/nonexistent";
  const bool built = ::access(PECIA_BIN_DIR "/pecia-deepseek", X_OK) == 0;  // with LibTorch
  const std::vector<std::string> words =
      built ? std::vector<std::string>{"/nonexistent"}
            : std::vector<std::string>{"pecia-deepseek", "LibTorch", "--with-deepseek", "docs/deepseek.md"};
  try {
    (void)engine::make_engine(made);
    FAIL();
  } catch (const UsageError& error) {
    const std::string what = error.what();
    for (const auto& word : words) EXPECT_NE(what.find(word), std::string::npos) << what;
  }
}

/// RemoteEngine on a program of the test's choice.
engine::RemoteSettings workers(const std::string& program, std::vector<std::string> arguments, int count) {
  engine::RemoteSettings made;
  made.program.executable = program;
  made.program.arguments = std::move(arguments);
  made.program.environment = {{"OMP_THREAD_LIMIT", "1"}};
  made.workers = count;
  return made;
}

const std::string tesseract_worker = std::string{PECIA_BIN_DIR} + "/pecia-tesseract";

Reason reason_of(const engine::Completion& completion) {
  const auto* failure = std::get_if<engine::PageFailure>(&completion.result);
  return failure ? failure->reason : Reason::none;
}

engine::Completion read_one(engine::Engine& engine, std::uint64_t ticket) {
  engine.submit(ticket, engine.prepare(test::text_page(), test::english()));
  while (true) {
    auto done = engine.step(test::step_wait);
    if (!done.empty()) return std::move(done.front());
  }
}

TEST(Remote, AWorkerThatIsKilledCostsItsPageAnAttempt) {
  engine::RemoteEngine engine{workers(tesseract_worker, {"eng"}, 1)};
  ASSERT_GT(engine.worker_pids().front(), 1);  // of -1, kill is for all
  ASSERT_EQ(::kill(engine.worker_pids().front(), SIGSTOP), 0);  // it is not to be done before it is killed
  engine.submit(1, engine.prepare(test::text_page(), test::english()));
  ASSERT_EQ(::kill(engine.worker_pids().front(), SIGKILL), 0);

  std::vector<engine::Completion> done;
  while (done.empty()) done = engine.step(test::step_wait);

  EXPECT_EQ(reason_of(done.front()), Reason::engine_crashed);
  EXPECT_NE(test::text_of(read_one(engine, 2)), "(no reading)") << "another worker took its place";
}

TEST(Remote, AnIdleWorkerThatIsKilledCostsNothing) {
  engine::RemoteEngine engine{workers(tesseract_worker, {"eng"}, 1)};
  ASSERT_GT(engine.worker_pids().front(), 1);  // of -1, kill is for all
  ASSERT_EQ(::kill(engine.worker_pids().front(), SIGKILL), 0);
  const auto first = read_one(engine, 1);
  // It may be noticed before the page is handed out, or by it.
  EXPECT_TRUE(reason_of(first) == Reason::none || reason_of(first) == Reason::engine_crashed);
  EXPECT_EQ(reason_of(read_one(engine, 2)), Reason::none);
}

TEST(Remote, AWorkerThatSleepsIsEndedByTheWatchdog) {
  auto made = workers(tesseract_worker, {"eng"}, 1);
  made.watchdog_s = 0.5;
  engine::RemoteEngine engine{made};
  ASSERT_GT(engine.worker_pids().front(), 1);  // of -1, kill is for all
  ASSERT_EQ(::kill(engine.worker_pids().front(), SIGSTOP), 0);
  EXPECT_EQ(reason_of(read_one(engine, 1)), Reason::engine_timeout);
}

TEST(Remote, ThePageThatWasTooSlowGetsItsMultipleOfTheTime) {
  auto made = workers(tesseract_worker, {"eng"}, 1);
  made.watchdog_s = 0.5;
  engine::RemoteEngine engine{made};
  ASSERT_EQ(::kill(engine.worker_pids().front(), SIGSTOP), 0);
  auto options = test::english();
  options.time_scale = 4;
  const auto began = std::chrono::steady_clock::now();
  engine.submit(1, engine.prepare(test::text_page(), options));
  std::vector<engine::Completion> done;
  while (done.empty()) done = engine.step(test::step_wait);
  EXPECT_EQ(reason_of(done.front()), Reason::engine_timeout);
  EXPECT_GE(std::chrono::steady_clock::now() - began, std::chrono::seconds{2});
}

double cpu_s(pid_t process) {
  clockid_t clock{};
  timespec time{};
  EXPECT_EQ(::clock_getcpuclockid(process, &clock), 0);
  EXPECT_EQ(::clock_gettime(clock, &time), 0);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

/// What comes out until no worker has anything to do any more, as while they start.
std::size_t step_until_idle(engine::Engine& engine, const std::vector<pid_t>& workers) {
  std::size_t done = 0;
  std::vector<double> before(workers.size(), -1);
  while (true) {
    for (int n = 0; n < 6; ++n) done += engine.step(test::step_wait).size();
    std::vector<double> now;
    for (const auto worker : workers) now.push_back(cpu_s(worker));
    if (now == before) return done;
    before = now;
  }
}

TEST(Remote, APageThatIsToBeReadAloneHasNoOtherBesideIt) {
  engine::RemoteEngine engine{workers(tesseract_worker, {"eng"}, 2)};
  const auto pids = engine.worker_pids();
  for (const auto pid : pids) ASSERT_GT(pid, 1);  // of -1, kill is for all
  (void)step_until_idle(engine, pids);
  ASSERT_EQ(::kill(pids[0], SIGSTOP), 0);
  auto alone = test::english();
  alone.alone = true;
  engine.submit(1, engine.prepare(test::text_page(), test::english()));
  engine.submit(2, engine.prepare(test::text_page(), alone));
  EXPECT_EQ(engine.room().pages, 0) << "nobody comes before it is out";
  const double before_s = cpu_s(pids[1]);
  ASSERT_EQ(step_until_idle(engine, pids), 0U);
  EXPECT_EQ(cpu_s(pids[1]), before_s) << "the second worker waits for the first one";
  ASSERT_EQ(::kill(pids[0], SIGCONT), 0);
  std::vector<std::uint64_t> order;
  while (order.size() < 2) {
    for (const auto& completion : engine.step(test::step_wait)) {
      EXPECT_EQ(reason_of(completion), Reason::none);
      order.push_back(completion.ticket);
      EXPECT_EQ(engine.room().pages == 0, completion.ticket == 1);
    }
  }
  EXPECT_EQ(order, (std::vector<std::uint64_t>{1, 2})) << "it begins when the other worker has nothing left";
  EXPECT_GT(engine.room().pages, 0);
}

TEST(Remote, AWorkerThatIsEndedByItsCpuLimitHasTimedOut) {
  engine::RemoteEngine engine{workers(tesseract_worker, {"eng"}, 1)};
  const auto worker = engine.worker_pids().front();
  ASSERT_GT(worker, 1);
  ASSERT_EQ(::kill(worker, SIGSTOP), 0);
  engine.submit(1, engine.prepare(test::text_page(), test::english()));
  ::kill(worker, SIGXCPU);
  ::kill(worker, SIGCONT);
  std::vector<engine::Completion> done;
  while (done.empty()) done = engine.step(test::step_wait);
  EXPECT_EQ(reason_of(done.front()), Reason::engine_timeout);
}

TEST(Remote, AWorkerMayUseItsCpuSecondsForEachPageAnew) {
  auto made = workers(tesseract_worker, {"eng"}, 1);
  made.watchdog_s = 50;
  engine::RemoteEngine engine{made};
  for (std::uint64_t page = 1; page <= 2; ++page) {
    (void)read_one(engine, page);
    rlimit limit{};
    ASSERT_EQ(::prlimit(engine.worker_pids().front(), RLIMIT_CPU, nullptr, &limit), 0);
    EXPECT_GE(limit.rlim_cur, 50U);
    EXPECT_LE(limit.rlim_cur, 90U);
  }
}

#ifndef PECIA_SANITIZED
/// The text page again and again, over and beside itself.
page::Image tiled_page(int side_px) {
  const auto tile = test::text_page();
  auto made = page::make_image(side_px, side_px, page::PixelFormat::gray8, 300);
  for (int y = 0; y < side_px; ++y) {
    for (int x = 0; x < side_px; ++x)
      made.pixels[static_cast<std::size_t>(y) * made.image.stride_bytes + static_cast<std::size_t>(x)] =
          tile.pixels[static_cast<std::size_t>(y % tile.height_px) * tile.stride_bytes + static_cast<std::size_t>(x % tile.width_px)];
  }
  return made.image;
}

TEST(Tesseract, APageThatItHasNoMemoryForMayBeReadSmallerAndCostsNoOther) {
  auto made = workers(tesseract_worker, {"eng"}, 1);
  made.program.limits.memory_bytes = 300 << 20;
  engine::RemoteEngine engine{made};
  const auto before = read_one(engine, 1);
  EXPECT_EQ(reason_of(before), Reason::none);
  // Short of memory within Leptonica, and at the first copy of its pixels.
  for (const int side_px : {8000, 12'000}) {
    engine.submit(2, engine.prepare(tiled_page(side_px), test::english()));
    std::vector<engine::Completion> done;
    while (done.empty()) done = engine.step(test::step_wait);
    EXPECT_EQ(reason_of(done.front()), Reason::out_of_memory) << side_px;
  }
  EXPECT_EQ(test::text_of(read_one(engine, 3)), test::text_of(before));
}

TEST(Sandbox, TesseractIsConfinedAndReadsInLanguagesThatItHadNotLoaded) {
  engine::RemoteEngine engine{workers(tesseract_worker, {"fra", "frk", "fra", "eng"}, 1)};
  EXPECT_EQ(reason_of(read_one(engine, 1)), Reason::none) << "eng is not what it warms up with, of many";
  const test::TempFolder folder;
  const auto told = test::sandbox_of(tesseract_worker, folder.write("secret", "of somebody"));
  if (!test::kernel_confines()) GTEST_SKIP() << "this kernel has no Landlock, or no seccomp";
  EXPECT_EQ(test::confinement_of(engine.worker_pids().front()), "NoNewPrivs 1, Seccomp 2");
  EXPECT_NE(told.find("secret: Permission denied"), std::string::npos) << told;
}
#endif

TEST(Remote, AWorkerThatTalksNonsenseIsReplaced) {
  for (const auto* nonsense : {"garbage", "wrong-ticket", "bad-text", "two-hellos"}) {
    engine::RemoteEngine engine{workers(PECIA_BAD_WORKER, {nonsense}, 1)};
    EXPECT_EQ(reason_of(read_one(engine, 1)), Reason::engine_failed) << nonsense;
    EXPECT_EQ(reason_of(read_one(engine, 2)), Reason::engine_failed) << nonsense;
  }
  engine::RemoteEngine engine{workers(PECIA_BAD_WORKER, {"exits"}, 1)};
  EXPECT_EQ(reason_of(read_one(engine, 1)), Reason::engine_crashed);
}

TEST(Remote, WorkersThatNeverStartAreAnError) {
  EXPECT_THROW(engine::RemoteEngine{workers(PECIA_BAD_WORKER, {"never-starts"}, 2)}, Error);
}

}  // namespace engine_test
}  // namespace pecia
