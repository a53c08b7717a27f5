#include <signal.h>
#include <unistd.h>

#include "engine/engine_contract.hpp"
#include "pecia/base/error.hpp"
#include "pecia/engine/factory.hpp"
#include "pecia/engine/remote_engine.hpp"

namespace pecia {
namespace {

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
  engine.submit(1, engine.prepare(test::text_page(), test::english()));
  ASSERT_EQ(::kill(engine.worker_pids().front(), SIGKILL), 0);

  std::vector<engine::Completion> done;
  while (done.empty()) done = engine.step(test::step_wait);

  EXPECT_EQ(reason_of(done.front()), Reason::engine_crashed);
  EXPECT_NE(test::text_of(read_one(engine, 2)), "(no reading)") << "another worker took its place";
}

TEST(Remote, AnIdleWorkerThatIsKilledCostsNothing) {
  engine::RemoteEngine engine{workers(tesseract_worker, {"eng"}, 1)};
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
  ASSERT_EQ(::kill(engine.worker_pids().front(), SIGSTOP), 0);
  EXPECT_EQ(reason_of(read_one(engine, 1)), Reason::engine_timeout);
}

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

}  // namespace
}  // namespace pecia
