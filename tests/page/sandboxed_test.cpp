// pecia-page itself in its sandbox, and the one that waits to replace it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/sockios.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <thread>

#include "page/reader_fixture.hpp"
#include "support/confined.hpp"

namespace pecia::page {
namespace sandboxed_test {

using testing::HasSubstr;

/// CPU seconds that a process has used.
double cpu_s(pid_t pid) {
  clockid_t clock{};
  timespec time{};
  if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &time) != 0) return -1;
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

/// In this process's sockets, those that it was started with too, not yet read by whoever they were sent to.
int bytes_that_wait() {
  int sum = 0;
  for (int fd = 3; fd < 256; ++fd) {
    int bytes = 0;
    struct stat status {};
    // As bare calls: a thread sanitizer takes those of the library for uses of what another thread may just be closing.
    if (::syscall(SYS_fstat, fd, &status) == 0 && S_ISSOCK(status.st_mode) && ::syscall(SYS_ioctl, fd, SIOCOUTQ, &bytes) == 0)
      sum += bytes;
  }
  return sum;
}

class SandboxedPage : public test::PageReaderTest {
 protected:
  const std::filesystem::path program_ = std::filesystem::path{PECIA_BIN_DIR} / "pecia-page";

  /// Until a spare waits.
  void read_many(const Source& from) {
    for (int n = 0; n < 200 && reader_.spare_pid() < 0; ++n) (void)image_of(from);
    ASSERT_GT(reader_.spare_pid(), 0);
  }
};

#ifndef PECIA_SANITIZED
TEST_F(SandboxedPage, IsConfinedBeforeItSeesADocument) {
  const auto jpeg = source("a.jpg", test::make_jpeg(1));
  (void)image_of(jpeg);
  if (!test::kernel_confines()) GTEST_SKIP() << "this kernel has no Landlock, or no seccomp";
  EXPECT_THAT(reader_.not_confined(), testing::IsEmpty());
  EXPECT_EQ(test::confinement_of(reader_.child_pid()), "NoNewPrivs 1, Seccomp 2");
}

TEST_F(SandboxedPage, OpensNoFileOfTheUser) {
  const auto file = folder_.write("secret", "of somebody");
  const auto told = test::sandbox_of(program_, file);
  if (!test::kernel_confines()) GTEST_SKIP() << "this kernel has no Landlock, or no seccomp";
  EXPECT_THAT(told, HasSubstr(file.string() + ": Permission denied"));
}
#endif

TEST_F(SandboxedPage, StillFindsFontsThatADocumentDoesNotEmbed) {
  const auto page = [&](const char* font) {
    test::PdfBuilder pdf;
    const auto number = pdf.add(std::string{"/Type/Font/Subtype/Type1/BaseFont/"} + font);
    return source(std::string{font} + ".pdf", pdf.finish(test::media, "BT /F 40 Tf 10 30 Td (pecia) Tj ET\n",
                                                         "/Font<</F " + std::to_string(number) + " 0 R>>"));
  };
  const auto dark = [](const Image& image) {
    return std::ranges::count_if(image.pixels, [](std::byte pixel) { return pixel < std::byte{128}; });
  };
  // Times and Courier are no fonts of the page that warms it up.
  for (const auto* font : {"Helvetica", "Times-Roman", "Courier-Bold"}) EXPECT_GT(dark(image_of(page(font))), 500) << font;
}

TEST_F(SandboxedPage, HasASpareWhereManyPagesAreRead) {
  const auto jpeg = source("a.jpg", test::make_jpeg(1));
  (void)image_of(jpeg);
  EXPECT_LT(reader_.spare_pid(), 0) << "not for one page";
  read_many(jpeg);
  const auto spare = reader_.spare_pid();
  EXPECT_NE(spare, reader_.child_pid());

  test::end_process(reader_.child_pid());
  for (int n = 0; n < 3 && reader_.child_pid() != spare; ++n) (void)reader_.render(jpeg, 1, test::gray());

  EXPECT_EQ(reader_.child_pid(), spare);
  EXPECT_LT(test::difference(image_of(jpeg)), test::same);
}

TEST_F(SandboxedPage, DoesWithoutASpareThatHasDied) {
  const auto jpeg = source("a.jpg", test::make_jpeg(1));
  read_many(jpeg);
  test::end_process(reader_.spare_pid());
  test::end_process(reader_.child_pid());
  for (int n = 0; n < 3; ++n) (void)reader_.render(jpeg, 1, test::gray());
  EXPECT_LT(test::difference(image_of(jpeg)), test::same);
}

TEST_F(SandboxedPage, MayUseItsCpuSecondsForEachPageAnew) {
  const auto jpeg = source("a.jpg", test::make_jpeg(1));
  Limits limits;
  limits.cpu_s = 7;
  Reader reader{limits};
  for (int n = 0; n < 3; ++n) {
    (void)reader.info(jpeg, 1);
    rlimit limit{};
    ASSERT_EQ(::prlimit(reader.child_pid(), RLIMIT_CPU, nullptr, &limit), 0);
    EXPECT_GE(limit.rlim_cur, 7U);
    EXPECT_LE(static_cast<double>(limit.rlim_cur), std::ceil(7 + cpu_s(reader.child_pid()))) << "of what it has used by now";
  }
  (void)reader.info(jpeg, 1, 3);
  rlimit limit{};
  ASSERT_EQ(::prlimit(reader.child_pid(), RLIMIT_CPU, nullptr, &limit), 0);
  EXPECT_GE(limit.rlim_cur, 21U) << "another attempt gets more";
}

TEST_F(SandboxedPage, ThatIsEndedByItsCpuLimitHasTimedOutAndNotCrashed) {
  const auto jpeg = source("a.jpg", test::make_jpeg(1));
  (void)image_of(jpeg);
  const auto child = reader_.child_pid();
  test::stop_process(child);  // the request waits
  const auto waited = bytes_that_wait();
  std::thread kernel{[&] {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{30};
    while (bytes_that_wait() <= waited && std::chrono::steady_clock::now() < until) std::this_thread::sleep_for(std::chrono::milliseconds{1});
    ::kill(child, SIGXCPU);
    ::kill(child, SIGCONT);
  }};
  const auto failure = failure_of(jpeg);
  kernel.join();
  EXPECT_EQ(failure.reason, Reason::timeout) << failure.detail;
  EXPECT_TRUE(failure.retriable);
  EXPECT_THAT(failure.detail, HasSubstr("CPU"));
}

}  // namespace sandboxed_test
}  // namespace pecia::page
