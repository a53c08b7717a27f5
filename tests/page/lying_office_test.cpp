#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>

#include "page/made_office.hpp"
#include "page/reader_fixture.hpp"
#include "pecia/base/text.hpp"

// What a pecia-office can say that a document has taken over by way of LibreOffice: it costs that
// document alone.
namespace pecia::page {
namespace lying_office_test {

std::size_t open_descriptors() {
  const std::filesystem::directory_iterator all{"/proc/self/fd"};
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

struct Lie {
  const char* name;
  Reason reason;
};

class LyingOfficeTest : public test::PageReaderTest, public testing::WithParamInterface<Lie> {
 protected:
  void SetUp() override {
    ::setenv("PECIA_LIBEXEC_DIR", PECIA_LYING_OFFICE_FOLDER, 1);
    ::setenv("PECIA_SOFFICE", "/bin/true", 1);
  }
};

TEST_P(LyingOfficeTest, CostsItsDocumentAndNothingElse) {
  const auto jpeg = source("a.jpg", test::make_jpeg(1));
  (void)image_of(jpeg);
  const auto child = reader_.child_pid();
  const auto before = open_descriptors();
  Limits limits;
  limits.office_wall_s = .1;
  {
    Reader reader{limits};
    const auto answer = reader.info(
        source("a.odt", test::make_odt(std::string{"lie:"} + GetParam().name + ";")), 1);
    ASSERT_TRUE(std::holds_alternative<Failure>(answer));
    const auto& failure = std::get<Failure>(answer);
    EXPECT_EQ(failure.reason, GetParam().reason) << failure.detail;
    EXPECT_LT(failure.detail.size(), 5000U);
    EXPECT_EQ(to_utf8(failure.detail), failure.detail);
  }
  EXPECT_EQ(open_descriptors(), before);
  (void)image_of(jpeg);
  EXPECT_EQ(reader_.child_pid(), child);
  EXPECT_EQ(::waitpid(child, nullptr, WNOHANG), 0);
}

INSTANTIATE_TEST_SUITE_P(
    All, LyingOfficeTest,
    testing::Values(Lie{"garbage", Reason::child_crashed}, Lie{"nothing", Reason::child_crashed},
                    Lie{"no file", Reason::child_crashed}, Lie{"two files", Reason::child_crashed},
                    Lie{"a device", Reason::child_crashed}, Lie{"a folder", Reason::child_crashed},
                    Lie{"no pdf", Reason::unreadable}, Lie{"unknown reason", Reason::child_crashed},
                    Lie{"another reason", Reason::child_crashed},
                    Lie{"a long text", Reason::unreadable}, Lie{"no text", Reason::unreadable},
                    Lie{"an endless list", Reason::child_crashed},
                    Lie{"no word", Reason::child_crashed}, Lie{"dies", Reason::child_crashed},
                    Lie{"never answers", Reason::timeout}),
    [](const auto& lie) {
      std::string name{lie.param.name};
      std::ranges::replace(name, ' ', '_');
      return name;
    });

}  // namespace lying_office_test
}  // namespace pecia::page
