// DOCX and ODT, by way of LibreOffice or of a script in its place.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <sstream>
#include <thread>

#include "page/office_fixture.hpp"
#include "support/confined.hpp"

namespace pecia::page {
namespace office_test {

namespace fs = std::filesystem;
using test::OfficeTest;
using testing::HasSubstr;
using testing::IsEmpty;

TEST_F(OfficeTest, ItsPagesAreThoseOfThePdf) {
  use(makes_a_pdf(3));
  const auto probe = reader_.probe(source("a.docx", test::make_docx({"one"})));
  EXPECT_EQ(probe.problem, Reason::none) << probe.problem_detail;
  EXPECT_EQ(probe.format, corpus::Format::docx);
  EXPECT_EQ(probe.pages.size(), 3U);
  EXPECT_EQ(reader_.probe(source("a.odt", test::make_odt("one"))).format, corpus::Format::odt);
}

TEST_F(OfficeTest, TheConversionIsRecordedWithThePage) {
  use(makes_a_pdf());
  const auto image = image_of(source("a.odt", test::make_odt("one")));
  ASSERT_EQ(image.steps.size(), 1U);
  EXPECT_EQ(image.steps[0].what, "libreoffice");
  EXPECT_THAT(image_of(source("a.jpg", test::make_jpeg(1))).steps, IsEmpty());
}

TEST_F(OfficeTest, TheConversionIsRecordedWithATextLayer) {
  use(makes_a_pdf());
  const auto found = reader_.text_layer(source("a.odt", test::make_odt("one")), 1, false);
  const auto& layer = std::get<TextLayer>(found);
  ASSERT_FALSE(layer.steps.empty());
  EXPECT_EQ(layer.steps[0].what, "libreoffice");
}

TEST_F(OfficeTest, IsConvertedOnceForAllItsPagesAndForEachChild) {
  use(makes_a_pdf(3));
  const auto document = source("a.docx", test::make_docx({"one"}));
  (void)image_of(document, 1);
  ::unsetenv("PECIA_SOFFICE");
  use("exit 1\n");  // a second conversion would fail
  (void)image_of(document, 2);
  test::end_process(reader_.child_pid());
  for (int n = 0; n < 3; ++n) (void)reader_.render(document, 3, test::gray());
  EXPECT_EQ(std::get<PageInfo>(reader_.info(document, 3)).page_dpi, 300);
  (void)image_of(source("a.jpg", test::make_jpeg(1)));
  (void)image_of(document, 3);
}

TEST_F(OfficeTest, IsConvertedAgainWhereItOrManyOthersHaveChanged) {
  use(makes_a_pdf());
  const auto document = source("a.docx", test::make_docx({"one"}));
  (void)image_of(document);
  for (int n = 0; n < 8; ++n) (void)image_of(source(std::to_string(n) + ".docx", test::make_docx({"one"})));
  use("exit 1\n");
  EXPECT_EQ(failure_of(document).reason, Reason::unreadable);
  EXPECT_EQ(failure_of(source("7.docx", test::make_docx({"one", "two"}))).reason, Reason::unreadable);
}

TEST_F(OfficeTest, IsConvertedOnceForTwoReaders) {
  use("sleep 2\n" + makes_a_pdf(2));
  const auto document = source("a.docx", test::make_docx({"one"}));
  std::thread first{[&] {
    Reader reader;
    EXPECT_TRUE(std::holds_alternative<PageInfo>(reader.info(document, 1)));
  }};
  while (left_behind().empty()) std::this_thread::sleep_for(std::chrono::milliseconds{5});
  ::setenv("PECIA_SOFFICE", "/no/such/program", 1);  // the other would not get far
  EXPECT_TRUE(std::holds_alternative<PageInfo>(reader_.info(document, 2)));
  first.join();
}

TEST_F(OfficeTest, WhoWaitsForAnotherReaderCanBeInterrupted) {
  use(nap());
  const auto document = source("a.docx", test::make_docx({"one"}));
  Reader other;
  std::thread first{[&] {
    Reader& reader = other;
    const auto answer = reader.info(document, 1);
    EXPECT_EQ(std::get<Failure>(answer).detail, "interrupted");
  }};
  while (left_behind().empty()) std::this_thread::sleep_for(std::chrono::milliseconds{5});
  std::thread interrupts{[&] {
    std::this_thread::sleep_for(std::chrono::milliseconds{500});
    reader_.interrupt();
  }};
  EXPECT_EQ(failure_of(document).detail, "interrupted");
  EXPECT_FALSE(left_behind().empty()) << "the other goes on";
  other.interrupt();
  first.join();
  interrupts.join();
}

TEST_F(OfficeTest, WithoutLibreOfficeTheRemedyIsNamed) {
  ::setenv("PECIA_SOFFICE", "/no/such/program", 1);
  const auto probe = reader_.probe(source("a.docx", test::make_docx({"one"})));
  EXPECT_EQ(probe.problem, Reason::needs_libreoffice);
  EXPECT_EQ(probe.format, corpus::Format::docx);
  EXPECT_THAT(probe.problem_detail, HasSubstr("libreoffice-writer-nogui"));
}

TEST_F(OfficeTest, ThatFailsOrMakesNothingIsNamed) {
  const auto document = source("a.docx", test::make_docx({"one"}));
  for (const auto& [script, how] : {std::pair{"echo no >&2; exit 3\n", "status 3"}, std::pair{"exit 0\n", "status 0"},
                                    std::pair{": > \"$out/document.pdf\"\n", "status 0"}, std::pair{"kill -9 $$\n", "signal 9"},
                                    std::pair{"ln -s /etc/passwd \"$out/document.pdf\"\n", "status 0"},
                                    std::pair{"mkfifo \"$out/document.pdf\"\n", "status 0"}}) {
    use(script);
    Reader reader;
    const auto answer = reader.info(document, 1);
    const auto& failure = std::get<Failure>(answer);
    EXPECT_EQ(failure.reason, Reason::unreadable) << script << failure.detail;
    EXPECT_THAT(failure.detail, HasSubstr(how)) << script;
    EXPECT_FALSE(failure.retriable);
    if (std::string_view{script}.starts_with("echo")) {
      EXPECT_THAT(failure.detail, HasSubstr("its last words: no"));
    }
  }
}

TEST_F(OfficeTest, WhatIsNoPdfIsNotConvertedAgain) {
  use("cp \"$document\" \"$out/document.pdf\"\n");
  const auto odt = source("a.odt", test::make_odt("one"));
  (void)image_of(source("a.jpg", test::make_jpeg(1)));
  const auto child = reader_.child_pid();
  const auto failure = failure_of(odt);
  EXPECT_EQ(failure.reason, Reason::unreadable) << failure.detail;
  EXPECT_FALSE(failure.retriable);
  EXPECT_EQ(reader_.child_pid(), child) << "an honest process was ended";
}

TEST_F(OfficeTest, ThatDoesNotStartIsNotTheDocumentsFault) {
  use("echo libmergedlo.so: cannot open shared object file >&2; exit 127\n");
  const auto failure = failure_of(source("a.odt", test::make_odt("one")));
  EXPECT_EQ(failure.reason, Reason::needs_libreoffice) << failure.detail;
  EXPECT_THAT(failure.detail, HasSubstr("libmergedlo"));
  EXPECT_THAT(failure.detail, HasSubstr("status 127"));
}

TEST_F(OfficeTest, AProcessThatCannotBeStartedIsNotTheDocumentsFault) {
  use(makes_a_pdf());
  const auto document = source("a.odt", test::make_odt("one"));
  ::chmod(folder_.write("libexec/pecia-office", "no program\n").c_str(), 0700);
  const char* const told = std::getenv("PECIA_LIBEXEC_DIR");
  const std::string before = told ? told : "";
  ::setenv("PECIA_LIBEXEC_DIR", (folder_.path() / "libexec").c_str(), 1);
  const auto answer = reader_.info(document, 1);
  if (told) ::setenv("PECIA_LIBEXEC_DIR", before.c_str(), 1);
  else ::unsetenv("PECIA_LIBEXEC_DIR");
  ASSERT_TRUE(std::holds_alternative<Failure>(answer));
  const auto& failure = std::get<Failure>(answer);
  EXPECT_EQ(failure.reason, Reason::child_crashed);
  EXPECT_TRUE(failure.retriable);
  EXPECT_THAT(failure.detail, HasSubstr("pecia-office"));
  EXPECT_TRUE(std::holds_alternative<PageInfo>(reader_.info(document, 1))) << "another time it can be";
}

TEST_F(OfficeTest, HasNeitherNetworkNorFilesOfTheUser) {
  const auto secret = folder_.write("secret", "of somebody");
  const auto tries = [&](const std::string& what) {
    use("if " + what + "; then " + makes_a_pdf() + " fi\nexit 4\n");
    Reader reader;
    return std::holds_alternative<PageInfo>(reader.info(source("a.odt", test::make_odt("one")), 1));
  };
  EXPECT_TRUE(tries("true")) << "the script itself works";
  if (!test::kernel_confines()) GTEST_SKIP() << "this kernel has no Landlock, or no seccomp";
  EXPECT_TRUE(tries("grep -q 'Seccomp:.*2' /proc/self/status"));
  EXPECT_FALSE(tries("cat '" + secret.native() + "' > /dev/null 2>&1"));
  EXPECT_FALSE(tries("echo > '" + secret.native() + "' 2> /dev/null"));
  EXPECT_TRUE(tries("echo > \"$HOME/mine\""));
  if (!tries("python3 -c pass")) GTEST_SKIP() << "no python3 to try sockets with";
  EXPECT_FALSE(tries("python3 -c 'import socket; socket.socket(socket.AF_INET)'"));
  EXPECT_TRUE(tries("python3 -c 'import socket; socket.socketpair()'"));
  EXPECT_TRUE(tries("python3 -c 'import socket; socket.socket(socket.AF_UNIX)'"));
  EXPECT_FALSE(tries("python3 -c 'import socket; socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)'"));
  EXPECT_FALSE(tries("python3 -c 'import socket; socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)'"));
}

TEST_F(OfficeTest, CannotReachTheRankThatWaitsForIt) {
  if (!test::kernel_confines()) GTEST_SKIP() << "this kernel has no Landlock, or no seccomp";
  const auto tries = [&](const std::string& what) {
    use("if " + what + "; then " + makes_a_pdf() + " fi\nexit 4\n");
    Reader reader;
    return std::holds_alternative<PageInfo>(reader.info(source("a.odt", test::make_odt("one")), 1));
  };
  const auto rank = std::to_string(::getpid());
  EXPECT_TRUE(tries("kill -0 $$")) << "itself";
  EXPECT_FALSE(tries("kill -0 " + rank + " 2> /dev/null"));
  EXPECT_FALSE(tries("kill -0 $PPID 2> /dev/null")) << "who clears away what it leaves";
  if (!tries("python3 -c pass")) GTEST_SKIP() << "no python3 to try the rest with";
  const auto python = [&](const std::string& call) { return tries("python3 -c 'import os, resource; " + call + "' 2> /dev/null"); };
  EXPECT_TRUE(python("resource.prlimit(0, resource.RLIMIT_CPU)"));
  EXPECT_FALSE(python("resource.prlimit(" + rank + ", resource.RLIMIT_CPU)"));
  EXPECT_FALSE(python("os.sched_setaffinity(" + rank + ", os.sched_getaffinity(0))"));
  EXPECT_FALSE(python("os.setpriority(os.PRIO_PROCESS, " + rank + ", os.getpriority(os.PRIO_PROCESS, 0))"));
}

TEST_F(OfficeTest, ItsSandboxIsToldOf) {
  if (!test::kernel_confines()) GTEST_SKIP() << "this kernel has no Landlock, or no seccomp";
  const auto secret = folder_.write("secret", "of somebody");
  const auto told = test::sandbox_of(fs::path{PECIA_BIN_DIR} / "pecia-office", secret);
  EXPECT_THAT(told, HasSubstr("seccomp, Landlock"));
  EXPECT_THAT(told, HasSubstr(secret.string() + ": Permission denied"));
}

TEST_F(OfficeTest, OtherArchivesAreNoDocuments) {
  EXPECT_EQ(reader_.probe(source("a.zip", test::zip({{"word", "no"}, {"a.txt", "b"}}))).problem, Reason::not_a_document);
  EXPECT_EQ(reader_.probe(source("b.zip", "PK\3\4")).problem, Reason::not_a_document);
  const auto docx = test::make_docx({"one"});
  for (std::size_t size = 4; size < docx.size(); size += 97)
    EXPECT_EQ(reader_.probe(source("cut.docx", docx.substr(0, size))).problem, Reason::not_a_document) << size;
}

TEST_F(OfficeTest, ThatIsEncryptedIsNamedWithARemedy) {
  const auto encrypted = test::make_compound_file({"Root Entry", "Version", "Primary", "EncryptionInfo", "EncryptedPackage"});
  const auto probe = reader_.probe(source("locked.docx", encrypted));
  EXPECT_EQ(probe.problem, Reason::encrypted) << probe.problem_detail;
  EXPECT_THAT(probe.problem_detail, HasSubstr("save it without"));
  EXPECT_EQ(reader_.probe(source("old.doc", test::make_compound_file({"Root Entry", "WordDocument"}))).problem, Reason::not_a_document);
  for (std::size_t size = 8; size < encrypted.size(); size += 61)
    EXPECT_NE(reader_.probe(source("cut.docx", encrypted.substr(0, size))).problem, Reason::child_crashed) << size;
}

TEST_F(OfficeTest, IsReadWithTheRealLibreOffice) {
  const char* const path = std::getenv("PATH");
  bool installed = false;
  std::istringstream folders{path != nullptr ? path : ""};
  for (std::string one; std::getline(folders, one, ':');) installed = installed || ::access((one + "/soffice").c_str(), X_OK) == 0;
  if (!installed) GTEST_SKIP() << "LibreOffice is not installed";
  const auto document = source("a.docx", test::make_docx({"pecia one", "pecia two"}));
  const auto probe = reader_.probe(document);
  EXPECT_EQ(probe.problem, Reason::none) << probe.problem_detail;
  EXPECT_EQ(probe.pages.size(), 2U);
  const auto image = image_of(document, 2);
  const auto dark = std::ranges::count_if(image.pixels, [](std::byte pixel) { return pixel < std::byte{128}; });
  EXPECT_GT(dark, 200) << "there is text on it";
  const auto odt = reader_.probe(source("a.odt", test::make_odt("pecia")));
  EXPECT_EQ(odt.problem, Reason::none) << odt.problem_detail;
  EXPECT_EQ(odt.pages.size(), 1U);
}

}  // namespace office_test
}  // namespace pecia::page
