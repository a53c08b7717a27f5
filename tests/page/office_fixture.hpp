#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "page/made_office.hpp"
#include "page/reader_fixture.hpp"

namespace pecia::test {

namespace fs = std::filesystem;

class OfficeTest : public PageReaderTest {
 protected:
  void SetUp() override {
    fs::create_directory(temporary_);
    ::setenv("TMPDIR", temporary_.c_str(), 1);
  }
  void TearDown() override {
    ::unsetenv("TMPDIR");
    ::unsetenv("PECIA_SOFFICE");
    EXPECT_THAT(left_behind(), testing::IsEmpty());
  }

  /// A script in LibreOffice's place. Its arguments end with the folder for the PDF and the document.
  void use(const std::string& script) {
    const auto file = folder_.write("bin/soffice", "#!/bin/sh\nwhile [ $# -gt 2 ]; do shift; done\nout=$1; document=$2\n" + script);
    ::chmod(file.c_str(), 0700);
    ::setenv("PECIA_SOFFICE", file.c_str(), 1);
  }
  /// Has made a PDF of so many pages, from where the sandbox lets the script read it.
  std::string makes_a_pdf(int pages = 1) {
    std::string kids;
    for (int n = 0; n < pages; ++n) kids += " 3 0 R";
    const auto pdf = folder_.write("bin/made.pdf", PdfBuilder{}.finish(media, "BT ET\n", "", "/Kids[" + kids + "]/Count " + std::to_string(pages)));
    return "cp '" + pdf.native() + "' \"$out/document.pdf\"\n";
  }
  [[nodiscard]] std::vector<std::string> left_behind() const {
    std::vector<std::string> all;
    for (const auto& entry : fs::directory_iterator{temporary_}) all.push_back(entry.path());
    return all;
  }

  /// For longer than a test; of this process alone.
  static std::string nap() { return "sleep 1234." + std::to_string(::getpid()); }
  static int naps() {
    auto words = nap();
    words[5] = '\0';
    words += '\0';
    int count = 0;
    for (const auto& entry : fs::directory_iterator{"/proc"}) {
      std::ifstream in{entry.path() / "cmdline"};
      const std::string line{std::istreambuf_iterator<char>{in}, {}};
      if (line == words) ++count;
    }
    return count;
  }
  /// The process of this name that `parent` has started, from whatever thread.
  static pid_t office_below(pid_t parent) {
    for (const auto& thread : fs::directory_iterator{"/proc/" + std::to_string(parent) + "/task"}) {
      std::ifstream in{thread.path() / "children"};
      for (pid_t pid = 0; in >> pid;) {
        std::string name;
        std::ifstream{"/proc/" + std::to_string(pid) + "/comm"} >> name;
        if (name == "pecia-office") return pid;
      }
    }
    return -1;
  }

  const fs::path temporary_ = folder_.path() / "tmp";
};

}  // namespace pecia::test
