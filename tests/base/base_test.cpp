#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <thread>

#include "pecia/base/bytes.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/file.hpp"
#include "pecia/base/ids.hpp"
#include "pecia/base/log.hpp"
#include "pecia/base/queue.hpp"
#include "pecia/base/reason.hpp"
#include "pecia/base/step.hpp"
#include "pecia/base/stop.hpp"
#include "pecia/base/version.hpp"
#include "support/file_size_limit.hpp"
#include "support/temp_folder.hpp"

namespace pecia {
namespace base_test {

using std::chrono::milliseconds;

TEST(Log, NobodyWaitsForAPipeThatNobodyReads) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const int before = ::dup(STDERR_FILENO);
  ::dup2(ends[1], STDERR_FILENO);
  constexpr int lines = 2000;  // far more than a pipe holds
  std::string read;
  {
    const log::Background background;
    for (int n = 0; n < lines; ++n) log::info("line {} {}", n, std::string(100, '.'));
    // Only now does somebody read.
    std::jthread reader{[&] {
      std::string buffer(1 << 16, '\0');
      while (read.find(" 1999 ") == std::string::npos) {
        const auto got = ::read(ends[0], buffer.data(), buffer.size());
        if (got <= 0) break;
        read.append(buffer, 0, static_cast<std::size_t>(got));
      }
    }};
  }
  ::dup2(before, STDERR_FILENO);
  for (const int fd : {before, ends[0], ends[1]}) ::close(fd);
  EXPECT_NE(read.find("line 0 "), std::string::npos);
  EXPECT_NE(read.find("line 1999 "), std::string::npos);
}

TEST(File, AFullDeviceIsAStorageErrorWithCauseAndPath) {
  const UniqueFd full{::open("/dev/full", O_WRONLY | O_CLOEXEC)};
  ASSERT_TRUE(full);
  const std::string_view text{"some bytes"};
  try {
    write_all(full.get(), std::as_bytes(std::span{text}), "/dev/full");
    FAIL();
  } catch (const StorageError& error) {
    EXPECT_EQ(error.error_number(), ENOSPC);
    EXPECT_EQ(error.path(), "/dev/full");
    EXPECT_TRUE(error.out_of_room());
    EXPECT_NE(std::string{error.what()}.find("make room"), std::string::npos);
  }
}

TEST(File, WhatCannotBeReplacedStaysAsItWas) {
  const test::TempFolder folder;
  const auto file = folder.write("file", "old");
  {
    const test::FileSizeLimit full{2};
    EXPECT_THROW(replace_file(file, "new contents"), StorageError);
  }
  EXPECT_EQ(read_file(file), "old");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator{folder.path()}, {}), 1) << "no part is left";
  try {
    sync_file(-1, file);
    FAIL();
  } catch (const StorageError& error) {
    EXPECT_EQ(error.error_number(), EBADF);
    EXPECT_FALSE(error.out_of_room());
  }
}

TEST(Error, SaysWhatFailedOnWhatAndWhatToDo) {
  const auto error = system_error(ENOSPC, "cannot write", "/x/y");
  EXPECT_EQ(std::string{error.what()}.find("cannot write '/x/y': "), 0U);
  EXPECT_NE(std::string{error.what()}.find("make room"), std::string::npos);
  EXPECT_NE(std::string{error.where().file}.find("base_test.cpp"), std::string::npos);
}

TEST(DocumentId, IsSixteenDigits) {
  EXPECT_EQ(to_string(DocumentId{0xABC}), "0000000000000abc");
  EXPECT_EQ(parse_document_id("0000000000000abc").value, 0xABCU);
  for (const auto* bad : {"", "abc", "000000000000000g", "0000000000000abc0"}) EXPECT_THROW((void)parse_document_id(bad), Error);
}

TEST(Reason, NamesAreUniqueAndRead) {
  for (const auto reason : all_reasons()) EXPECT_EQ(parse_reason(name(reason)), reason);
  EXPECT_EQ(parse_reason("no such reason"), std::nullopt);
  EXPECT_EQ(name(static_cast<Reason>(200)), "unknown");
}

TEST(ByteReader, TakesNothingButYesAndNoForABool) {
  const Bytes bytes{std::byte{1}, std::byte{0}, std::byte{2}};
  ByteReader in{bytes};
  EXPECT_TRUE(in.get<bool>());
  EXPECT_FALSE(in.get<bool>());
  EXPECT_THROW((void)in.get<bool>(), Error);
}

TEST(Bytes, ComeBackAsTheyWere) {
  ByteWriter out;
  out.put(std::uint32_t{7}).put(-1.5).put_text("text").put(std::uint8_t{255});
  ByteReader in{out.bytes()};
  EXPECT_EQ(in.get<std::uint32_t>(), 7U);
  EXPECT_EQ(in.get<double>(), -1.5);
  EXPECT_EQ(in.get_text(), "text");
  EXPECT_THROW(in.expect_end(), Error);
  EXPECT_EQ(in.get<std::uint8_t>(), 255);
  EXPECT_NO_THROW(in.expect_end());
}

TEST(Bytes, AreNeverReadPastTheirEnd) {
  ByteWriter out;
  out.put_text("some text");
  for (std::size_t size = 0; size < out.size(); ++size) {
    ByteReader in{std::span{out.bytes()}.first(size)};
    EXPECT_THROW((void)in.get_text(), Error) << size;
  }
  ByteWriter count;
  count.put(std::uint32_t{0xFFFFFFFF}).put(std::uint64_t{0});
  ByteReader in{count.bytes()};
  EXPECT_THROW((void)in.get_count(8), Error);
}

TEST(File, IsReplacedWholeOrNotAtAll) {
  const test::TempFolder folder;
  const auto file = folder.path() / "file";
  replace_file(file, "one");
  replace_file(file, "two");
  EXPECT_EQ(read_file(file), "two");

  EXPECT_THROW(replace_file(folder.path() / "missing" / "file", "x"), Error);
  std::filesystem::create_directory(folder.path() / "folder");
  EXPECT_THROW(replace_file(folder.path() / "folder", "x"), Error) << "a folder is in the way";
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator{folder.path()}, {}), 2) << "nothing is left behind";
}

TEST(File, KeepsTheUmask) {
  const test::TempFolder folder;
  const auto before = ::umask(0027);
  replace_file(folder.path() / "file", "x");
  ::umask(before);
  struct stat status {};
  ASSERT_EQ(::stat((folder.path() / "file").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0640U);
}

TEST(File, OfNoNameSaysSo) {
  try {
    (void)open_for_reading("/does/not/exist");
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string{error.what()}.find("/does/not/exist"), std::string::npos);
  }
}

TEST(Queue, IsBoundedByWeightAndLetsOneHeavyItemPass) {
  BoundedQueue<int> queue{10};
  EXPECT_TRUE(queue.push(1, 100));
  std::atomic<bool> second_in{false};
  std::thread pusher{[&] {
    EXPECT_TRUE(queue.push(2, 5));
    second_in = true;
  }};
  EXPECT_EQ(queue.pop(std::chrono::seconds{30}), 1);
  EXPECT_EQ(queue.pop(std::chrono::seconds{30}), 2);
  pusher.join();
  EXPECT_TRUE(second_in);
}

TEST(Queue, ReleasesThoseWhoWaitWhenClosed) {
  BoundedQueue<int> full{1}, empty{1};
  ASSERT_TRUE(full.push(1));
  std::thread pusher{[&] { EXPECT_FALSE(full.push(2)); }};
  std::thread popper{[&] { EXPECT_EQ(empty.pop(std::chrono::minutes{1}), std::nullopt); }};
  full.close();
  empty.close();
  pusher.join();
  popper.join();
  EXPECT_EQ(full.pop(milliseconds{0}), 1) << "what is in can still be taken";
}

TEST(Queue, CarriesEverythingBetweenManyThreads) {
  BoundedQueue<int> queue{16};
  std::atomic<long> sum{0};
  {
    std::vector<std::jthread> poppers, pushers;
    for (int n = 0; n < 4; ++n)
      poppers.emplace_back([&] {
        while (auto item = queue.pop(std::chrono::minutes{1})) sum += *item;
      });
    for (int n = 0; n < 4; ++n)
      pushers.emplace_back([&] {
        for (int item = 1; item <= 1000; ++item) ASSERT_TRUE(queue.push(item));
      });
    pushers.clear();
    queue.close();
  }
  EXPECT_EQ(sum, 4 * 500500);
}

TEST(Stop, TheFirstSignalDrainsAndALaterSecondOneEnds) {
  stop::reset();
  const stop::ScopedHandlers handlers;
  const stop::ScopedOrderlyEnd orderly;
  EXPECT_EQ(stop::requested(), stop::Request::none);
  std::raise(SIGTERM);
  EXPECT_EQ(stop::requested(), stop::Request::drain);
  EXPECT_EQ(stop::signal_number(), SIGTERM);
  std::raise(SIGTERM);
  EXPECT_EQ(stop::requested(), stop::Request::drain) << "launchers send it several times at once";
  std::this_thread::sleep_for(milliseconds{250});
  std::raise(SIGUSR1);
  EXPECT_EQ(stop::requested(), stop::Request::drain) << "USR1 never means more than a drain";
  std::raise(SIGINT);
  EXPECT_EQ(stop::requested(), stop::Request::now);
  stop::reset();
}

/// As in a process that hangs while it lists files.
void ask_twice(int number) {
  stop::reset();
  const stop::ScopedHandlers handlers;
  raise(SIGUSR1);
  std::this_thread::sleep_for(std::chrono::milliseconds{250});
  raise(SIGUSR1);
  raise(number);
  std::this_thread::sleep_for(std::chrono::seconds{60});
}

TEST(StopDeathTest, WhoAsksTwiceEndsAProcessThatHasNothingToBringToAnEnd) {
  EXPECT_EXIT(ask_twice(SIGINT), ::testing::KilledBySignal(SIGINT), "");
  EXPECT_EXIT(ask_twice(SIGTERM), ::testing::KilledBySignal(SIGTERM), "");
}

Steps decoded(const Bytes& bytes) {
  ByteReader in{bytes};
  auto steps = decode_steps(in);
  in.expect_end();
  return steps;
}

TEST(Steps, ComeBackFromBytesAndFromJson) {
  const Steps steps{{"pdf", "repaired: \"xref\" — twice"}, {"deskew", "", {{1.0 / 3, -2e-17, 0, .1, 1e9, -0.5}}}};
  for (const auto& some : {Steps{}, steps}) {
    ByteWriter out;
    encode(out, some);
    EXPECT_EQ(decoded(out.bytes()), some);
    EXPECT_EQ(steps_from_json(to_json(some)), some);
  }
  EXPECT_EQ(to_json({}), "");
}

TEST(Steps, ThatMakeNoSenseAreRefused) {
  for (const auto& bad : {Steps{{"\xff", ""}}, Steps{{"", "\xff"}}, Steps{{"", "", {{0, 0, 0, 0, 0, INFINITY}}}}}) {
    ByteWriter out;
    encode(out, bad);
    EXPECT_THROW((void)decoded(out.bytes()), Error);
  }
  for (const auto* json : {"[", "{}x", R"([{"what":1,"detail":""}])", R"([{"what":""}])", R"([{"what":"","detail":"","to_page":[1]}])"})
    EXPECT_THROW((void)steps_from_json(json), Error) << json;
}

TEST(Version, IsKnown) {
  EXPECT_EQ(version().find_first_not_of("0123456789."), std::string_view::npos);
  EXPECT_NE(build_configuration().find("HDF5"), std::string_view::npos);
}

}  // namespace base_test
}  // namespace pecia
