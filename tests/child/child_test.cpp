#include "pecia/child/child.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <optional>
#include <thread>

#include "pecia/base/error.hpp"
#include "pecia/child/shared_memory.hpp"
#include "support/temp_folder.hpp"

namespace pecia::child {
namespace child_test {

using std::chrono::milliseconds;
constexpr milliseconds patience{20'000};

Program program(const char* what) {
  Program made;
  made.executable = PECIA_TEST_CHILD;
  made.arguments = {what};
  return made;
}

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span{text}); }

std::string receive_text(Child& child) {
  const auto received = child.receive(patience);
  EXPECT_EQ(received.status, Child::Status::message);
  const auto& bytes = received.packet.bytes;
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string how_it_ended(Child& child) {
  EXPECT_EQ(child.receive(patience).status, Child::Status::gone);
  return child.end();
}

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

bool is_alive(pid_t pid) { return ::kill(pid, 0) == 0; }

TEST(Child, AnswersMessagesOfAnySize) {
  Child child{program("echo")};
  std::string large(3'000'000, 'x');
  large += "end";
  for (const auto& text : {std::string{}, std::string{"hello"}, large}) {
    ASSERT_TRUE(child.send(bytes_of(text)));
    EXPECT_EQ(receive_text(child), text);
  }
}

TEST(Child, HandsDescriptorsOn) {
  auto memory = SharedMemory::create(5);
  std::memcpy(memory.writable().data(), "hello", 5);
  memory.seal();
  Child child{program("echo")};
  const int fd = memory.fd();
  ASSERT_TRUE(child.send(bytes_of("take this"), {&fd, 1}));

  auto received = child.receive(patience);
  ASSERT_EQ(received.packet.fds.size(), 1U);
  const auto back = SharedMemory::map(std::move(received.packet.fds[0]), 5);
  EXPECT_EQ(std::memcmp(back.bytes().data(), "hello", 5), 0);
}

TEST(Child, HasNoDescriptorButItsOwn) {
  const UniqueFd ours{::open("/dev/null", O_RDONLY)};  // not CLOEXEC: must not leak all the same
  Child child{program("descriptors")};
  auto list = receive_text(child);
  EXPECT_EQ(list.size(), std::string{"0 1 2 3 "}.size()) << list;
}

TEST(Child, GetsWhatIsAddedToTheEnvironment) {
  auto made = program("environment");
  made.environment = {{"PECIA_TEST_VALUE", "1"}};
  Child child{made};
  EXPECT_EQ(receive_text(child), "1");
}

TEST(Child, ThatCrashesIsNoticedAndDescribed) {
  Child aborts{program("abort")}, faults{program("segfault")}, exits{program("status")}, speaks{program("words")};
  const auto aborted = how_it_ended(aborts);
#ifndef PECIA_SANITIZED
  EXPECT_TRUE(contains(aborted, "killed by signal 6")) << aborted;
  const auto faulted = how_it_ended(faults);
  EXPECT_TRUE(contains(faulted, "killed by signal 11 (Segmentation fault)")) << faulted;
#endif
  const auto exited = how_it_ended(exits);
  EXPECT_TRUE(contains(exited, "exited with status 7")) << exited;
  const auto spoken = how_it_ended(speaks);
  EXPECT_TRUE(contains(spoken, "the last words of a child")) << spoken;
}

TEST(Child, ThatTalksNonsenseIsGone) {
  Child garbage{program("garbage")}, half{program("half")};
  EXPECT_TRUE(contains(how_it_ended(garbage), "no message"));
  EXPECT_TRUE(contains(how_it_ended(half), "exited with status 0"));
}

TEST(Child, ThatSendsWithoutEndDoesNotHoldItsReaderBeyondTheDeadline) {
  Child child{program("pour")};
  Child::Received received;
  int reads = 0;
  while (received.status == Child::Status::timeout) {
    pollfd more{child.fd(), POLLIN, 0};
    ASSERT_EQ(::poll(&more, 1, static_cast<int>(patience.count())), 1);
    received = child.receive(milliseconds{0});
    ++reads;
  }
  EXPECT_EQ(received.status, Child::Status::message);
  EXPECT_EQ(received.packet.bytes.size(), std::size_t{512} << 16);
  EXPECT_GE(reads, 128) << "32 MiB, and more than 256 KiB at one go";
}

TEST(Child, CannotFillOurTableOfDescriptors) {
  const auto open_descriptors = [] {
    return std::distance(std::filesystem::directory_iterator{"/proc/self/fd"}, {});
  };
  Child child{program("hoard")};
  const auto before = open_descriptors();
  ASSERT_EQ(child.receive(patience).status, Child::Status::gone);
  EXPECT_LE(open_descriptors(), before + 12);
  const auto how = child.end();
  EXPECT_TRUE(contains(how, "more descriptors")) << how;
}

TEST(Child, ThatHasClosedItsSocketMayStillSayHowItEnds) {
  Child child{program("goodbye")};
  const auto how = how_it_ended(child);
  EXPECT_EQ(how, "exited with status 5; its last words: words after the socket");
}

TEST(Child, ThatEndsWithoutReadingWhatItGotIsDescribedLikeAnyOther) {
  Child child{program("unread")};
  ASSERT_TRUE(child.send(bytes_of("never read")));
  const auto how = how_it_ended(child);
#ifdef PECIA_SANITIZED  // may add words of its own
  EXPECT_TRUE(how.starts_with("exited with status 7")) << how;
#else
  EXPECT_EQ(how, "exited with status 7");
#endif
}

TEST(Child, WhoseStatusTheSystemThrowsAwayIsNotSaidToHaveSucceeded) {
  const auto former = ::signal(SIGCHLD, SIG_IGN);  // as inherited from a careless launcher
  Child child{program("status")};
  const auto how = how_it_ended(child);
  ::signal(SIGCHLD, former);
  EXPECT_TRUE(contains(how, "not known")) << how;
}

TEST(Child, ThatFloodsItsOutputIsNotHeldUp) {
  Child child{program("flood")};
  for (int n = 0; n < 200; ++n) {
    const auto received = child.receive(milliseconds{100});
    if (received.status == Child::Status::message) return;
    ASSERT_EQ(received.status, Child::Status::timeout);
  }
  FAIL() << "it was held up by its own output";
}

TEST(Child, IgnoresWhatLaunchersSendToAll) {
  Child child{program("echo")};
  for (const int number : {SIGINT, SIGTERM, SIGUSR1}) {
    ASSERT_EQ(::kill(child.pid(), number), 0);
    ASSERT_TRUE(child.send(bytes_of("still there?")));
    EXPECT_EQ(receive_text(child), "still there?") << number;
  }
}

TEST(Child, IsEndedAndReapedByItsOwner) {
  pid_t pid = -1;
  {
    Child child{program("hang")};
    EXPECT_EQ(receive_text(child), "hanging");
    pid = child.pid();
    EXPECT_EQ(child.receive(milliseconds{10}).status, Child::Status::timeout);
  }
  EXPECT_FALSE(is_alive(pid));
}

TEST(Child, DiesWithTheThreadThatStartedIt) {
  std::optional<Child> child;
  std::thread{[&] {
    child.emplace(program("hang"));
    EXPECT_EQ(receive_text(*child), "hanging");
  }}.join();
  EXPECT_EQ(child->receive(patience).status, Child::Status::gone);
  EXPECT_TRUE(contains(child->end(), "killed by signal 9"));
}

TEST(Child, IsHeldToItsCpuSeconds) {
  auto made = program("spin");
  made.limits.cpu_s = 1;
  Child child{made};
  const auto how = how_it_ended(child);
  EXPECT_TRUE(child.ended_by_cpu_limit()) << how;
}

TEST(Child, IsHeldToItsMemory) {
#ifdef PECIA_SANITIZED
  GTEST_SKIP() << "sanitizers reserve terabytes of address space";
#endif
  auto made = program("allocate");
  made.limits.memory_bytes = std::uint64_t{1} << 30;
  Child child{made};
  ASSERT_TRUE(child.send(bytes_of("go on")));
  EXPECT_EQ(receive_text(child), "refused");
}

TEST(Child, TellsItsCpuTime) {
  Child child{program("spin")};
  while (child.cpu_s() < 0.05) ASSERT_EQ(child.receive(milliseconds{5}).status, Child::Status::timeout) << child.end();
  child.end();
  EXPECT_LT(child.cpu_s(), 0) << "it is gone";
}

TEST(Child, CanBeStartedByManyThreadsAtOnce) {
  std::vector<std::jthread> threads;
  for (int n = 0; n < 12; ++n) {
    threads.emplace_back([] {
      Child child{program("descriptors")};
      EXPECT_EQ(receive_text(child).size(), std::string{"0 1 2 3 "}.size());
    });
  }
}

TEST(Child, OfNoProgramIsAnError) {
  Program made;
  made.executable = "/does/not/exist";
  EXPECT_THROW(Child{made}, Error);
  EXPECT_THROW((void)find_program("no-such-program"), Error);
}

TEST(SharedMemory, OfHugePagesIsNotTaken) {
  UniqueFd huge{::memfd_create("huge", MFD_HUGETLB | MFD_ALLOW_SEALING | MFD_CLOEXEC)};
  if (!huge) GTEST_SKIP() << "this kernel has no huge pages";
  ASSERT_EQ(::ftruncate(huge.get(), off_t{1} << 30), 0);
  ASSERT_EQ(::fcntl(huge.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW), 0);
  try {
    (void)SharedMemory::map(std::move(huge), 100);
    FAIL() << "it was taken";
  } catch (const Error& error) {
    EXPECT_NE(std::string_view{error.what()}.find("huge pages"), std::string_view::npos) << error.what();
  }
}

TEST(SharedMemory, IsTakenOnlySealedAndLargeEnough) {
  auto memory = SharedMemory::create(100);
  EXPECT_THROW((void)SharedMemory::map(UniqueFd{::dup(memory.fd())}, 100), Error) << "not sealed";
  memory.seal();
  EXPECT_NO_THROW((void)SharedMemory::map(UniqueFd{::dup(memory.fd())}, 100));
  EXPECT_THROW((void)SharedMemory::map(UniqueFd{::dup(memory.fd())}, 101), Error) << "too small";
  const test::TempFolder folder;
  const auto file = folder.path() / "file";
  UniqueFd regular{::open(file.c_str(), O_RDWR | O_CREAT, 0600)};
  ASSERT_EQ(::ftruncate(regular.get(), 100), 0);
  EXPECT_THROW((void)SharedMemory::map(std::move(regular), 100), Error) << "could be cut off";
}

}  // namespace child_test
}  // namespace pecia::child
