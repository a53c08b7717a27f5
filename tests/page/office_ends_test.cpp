// A conversion of a DOCX or ODT that is to be ended, and what is left of it: nothing.
#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <thread>
#include <tuple>

#include "page/office_fixture.hpp"
#include "support/confined.hpp"

namespace pecia::page {
namespace office_ends_test {

namespace fs = std::filesystem;
using test::OfficeTest;
using testing::HasSubstr;
using testing::IsEmpty;
using OfficeEndsTest = OfficeTest;

Limits hurried() {
  Limits limits;
  limits.office_wall_s = 1;
  return limits;
}

TEST_F(OfficeEndsTest, ThatHangsIsEndedWithAllThatItHasStarted) {
  // In another session, and so in no group of ours.
  use("setsid " + nap() + " &\n" + nap());
  Reader reader{hurried()};
  const auto answer = reader.info(source("a.odt", test::make_odt("one")), 1);
  const auto& failure = std::get<Failure>(answer);
  EXPECT_EQ(failure.reason, Reason::timeout) << failure.detail;
  EXPECT_TRUE(failure.retriable);
  EXPECT_EQ(naps(), 0);
}

/// Either of the two processes of pecia-office, the one that the reader knows and the one below it.
class OfficeIsKilledTest : public OfficeTest, public testing::WithParamInterface<bool> {};

TEST_P(OfficeIsKilledTest, LeavesNothing) {
  use("setsid " + nap() + " &\n" + nap());
  std::thread kills{[] {
    while (naps() < 2) std::this_thread::sleep_for(std::chrono::milliseconds{20});
    const auto guard = office_below(::getpid());
    test::end_process(GetParam() ? guard : office_below(guard));
  }};
  const auto answer = reader_.info(source("a.odt", test::make_odt("one")), 1);
  kills.join();
  const auto& failure = std::get<Failure>(answer);
  EXPECT_EQ(failure.reason, Reason::child_crashed) << failure.detail;
  EXPECT_TRUE(failure.retriable);
  EXPECT_EQ(naps(), 0);
  EXPECT_THAT(left_behind(), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Each, OfficeIsKilledTest, testing::Bool());

TEST_F(OfficeEndsTest, ThatTakesTooMuchOfTheMachineIsEnded) {
  const auto document = source("a.odt", test::make_odt("one"));
  Limits limits;
  limits.office_cpu_s = 2;
  for (const auto& [script, reason, how] :
       {std::tuple{std::string{"for n in 1 2 3 4 5; do truncate -s 1000M \"$out/$n\"; done\n"} + nap(), Reason::too_large, "4 GiB"},
        std::tuple{"seq 30000 | (cd \"$out\" && xargs touch)\n" + nap(), Reason::too_large, "files"},
        std::tuple{"for n in $(seq 200); do " + nap() + " & done\nwait\n", Reason::too_large, "processes"},
        std::tuple{std::string{"while :; do timeout 1 sh -c 'while :; do :; done'; done\n"}, Reason::timeout, "CPU time to convert it"}}) {
    use(script);
    Reader reader{reason == Reason::timeout ? limits : Limits{}};
    const auto answer = reader.info(document, 1);
    const auto& failure = std::get<Failure>(answer);
    EXPECT_EQ(failure.reason, reason) << script << failure.detail;
    EXPECT_THAT(failure.detail, HasSubstr(how)) << script;
    EXPECT_EQ(naps(), 0);
  }
}

TEST_F(OfficeEndsTest, ThatTakesAllTheCpuIsEnded) {
  use("while true; do :; done\n");
  Limits limits;
  limits.office_cpu_s = 1;
  Reader reader{limits};
  const auto answer = reader.info(source("a.odt", test::make_odt("one")), 1);
  EXPECT_EQ(std::get<Failure>(answer).reason, Reason::timeout) << std::get<Failure>(answer).detail;
  EXPECT_THAT(std::get<Failure>(answer).detail, HasSubstr("CPU time"));
}

TEST_F(OfficeEndsTest, CanBeInterrupted) {
  use(nap());
  std::thread other{[&] {
    std::this_thread::sleep_for(std::chrono::milliseconds{500});
    reader_.interrupt();
  }};
  EXPECT_EQ(failure_of(source("a.odt", test::make_odt("one"))).detail, "interrupted");
  other.join();
}

#ifndef PECIA_SANITIZED  // which will not have the shim before them
TEST_F(OfficeEndsTest, OnAFullDiskSaysSo) {
  use("exit 77\n");
  (void)image_of(source("a.jpg", test::make_jpeg(1)));  // with a pecia-page that the shim has no part in
  ::setenv("PECIA_SHIM_ROOT", temporary_.c_str(), 1);
  ::setenv("PECIA_SHIM_RULES", "do=fail errno=ENOSPC on=create path=*/probe count=all", 1);
  ::setenv("LD_PRELOAD", PECIA_SHIM, 1);
  const auto failure = failure_of(source("a.odt", test::make_odt("one")));
  for (const auto* name : {"LD_PRELOAD", "PECIA_SHIM_RULES", "PECIA_SHIM_ROOT"}) ::unsetenv(name);
  EXPECT_EQ(failure.reason, Reason::io_error) << failure.detail;
  EXPECT_TRUE(failure.retriable) << "it is not the document's fault";
  EXPECT_THAT(failure.detail, HasSubstr("disk of temporary files is full"));
  EXPECT_THAT(failure.detail, HasSubstr("status 77"));
  EXPECT_EQ(failure_of(source("a.odt")).reason, Reason::unreadable) << "with room on the disk the document is to blame";
}
#endif

TEST_F(OfficeEndsTest, WhatItPlantsLeadsNowhere) {
  const auto failure = [&](const std::string& script) {
    use(script);
    Limits limits;
    limits.office_wall_s = 20;
    Reader reader{limits};  // none that remembers the last failure
    const auto answer = reader.info(source("a.odt", test::make_odt("one")), 1);
    const auto* found = std::get_if<Failure>(&answer);
    return found ? fmt::format("{}: {}", name(found->reason), found->detail) : "no failure";
  };
  const auto outside = folder_.path() / "planted", others = folder_.path() / "bin";
  // Under the name of the file by which pecia-office finds out whether the disk is full.
  EXPECT_THAT(failure("ln -s '" + outside.native() + "' \"$HOME/probe\"\nexit 3\n"), HasSubstr("unreadable"));
  EXPECT_FALSE(fs::exists(outside)) << "written to outside of the folder";
  EXPECT_THAT(failure("mkfifo \"$HOME/probe\"\nexit 3\n"), HasSubstr("unreadable"));

  (void)makes_a_pdf();
  fs::rename(others / "made.pdf", others / "document.pdf");
  EXPECT_THAT(failure("mv \"$out\" \"$HOME/gone\" && ln -s '" + others.native() + "' \"$out\"\n"), HasSubstr("unreadable"))
      << "a PDF of somebody else";
}

TEST_F(OfficeEndsTest, WhatWasLeftByAnEarlierJobIsRemoved) {
  use(makes_a_pdf());
  std::array<char, 256> host{};
  ASSERT_EQ(::gethostname(host.data(), host.size() - 1), 0);
  const auto start = std::string{"pecia-office-"} + host.data();
  const auto ours = temporary_ / (start + "-abcdef"), of_another = temporary_ / (start + "-2-abcdef");
  for (const auto& old : {ours, of_another}) {
    fs::create_directories(old / "profile");
    const timespec long_ago[2] = {{1'000'000, 0}, {1'000'000, 0}};
    ASSERT_EQ(::utimensat(AT_FDCWD, old.c_str(), long_ago, 0), 0);
  }
  (void)image_of(source("a.odt", test::make_odt("one")));
  EXPECT_FALSE(fs::exists(ours));
  EXPECT_TRUE(fs::exists(of_another)) << "another machine may be at work in it";
  fs::remove_all(of_another);
}

}  // namespace office_ends_test
}  // namespace pecia::page
