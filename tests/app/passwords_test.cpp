#include "passwords.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "pecia/base/error.hpp"
#include "support/temp_folder.hpp"

namespace pecia::app {
namespace passwords_test {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr auto smallest = "corpus: {root: docs}\nrun: r\n";

class PasswordsTest : public testing::Test {
 protected:
  Job load(const std::string& keys, const std::vector<std::string>& overrides = {}) {
    return load_job(folder_.write("x.yaml", smallest + keys), overrides);
  }
  /// With the file's lines, readable for its owner alone.
  Job with_file(const std::string& lines,
                const std::string& keys = "passwords: {file: secret.txt}\n") {
    const auto file = folder_.write("secret.txt", lines);
    EXPECT_EQ(::chmod(file.c_str(), 0600), 0);
    auto job = load(keys);
    EXPECT_THAT(read_password_file(job), IsEmpty());
    return job;
  }
  std::string refusal(const std::string& keys, const std::vector<std::string>& overrides = {}) {
    try {
      auto job = load(keys, overrides);
      (void)read_password_file(job);
    } catch (const UsageError& error) {
      return error.what();
    }
    return "it was accepted";
  }
  static std::string of(const Job& job, const char* path) {
    return settings_for(job, path).password;
  }

  pecia::test::TempFolder folder_;
};

TEST_F(PasswordsTest, OneForAllOpensEveryDocument) {
  const auto job = load("passwords: {all: sesame}\n");
  EXPECT_EQ(of(job, "a.pdf"), "sesame");
  EXPECT_EQ(of(job, "b/c.pdf"), "sesame");
  EXPECT_EQ(of(load(""), "a.pdf"), "");
}

TEST_F(PasswordsTest, AFileGivesThemByGlobAndItsLaterLinesWin) {
  const auto job = with_file(
      "# of the archive\n"
      "\n"
      "closed/**\tfirst\n"
      "closed/b.pdf\tsecond\r\n"
      "c.pdf\t\twith a space # and more\n"
      "closed/late/*\tthird\n"
      "[#]d.pdf\tfourth");
  EXPECT_EQ(of(job, "closed/a.pdf"), "first");
  EXPECT_EQ(of(job, "closed/b.pdf"), "second");
  EXPECT_EQ(of(job, "closed/c.pdf"), "with a space # and more")
      << "a name without a slash is one in any folder";
  EXPECT_EQ(of(job, "closed/late/c.pdf"), "third");
  EXPECT_EQ(of(job, "#d.pdf"), "fourth");
  EXPECT_EQ(of(job, "open/a.pdf"), "");
}

TEST_F(PasswordsTest, AFileMayBeginWithAByteOrderMark) {
  EXPECT_EQ(of(with_file("\xEF\xBB\xBF" "a.pdf\tfirst\n"), "a.pdf"), "first");
}

TEST_F(PasswordsTest, ALaterGlobWinsOverAnEarlierName) {
  const auto job = with_file("a.pdf\tfirst\n*.pdf\tsecond\nb.pdf\tthird\n");
  EXPECT_EQ(of(job, "a.pdf"), "second");
  EXPECT_EQ(of(job, "b.pdf"), "third");
}

TEST_F(PasswordsTest, RulesGoBeforeTheFileAndTheFileBeforeTheOneForAll) {
  const auto job = with_file("b/*\tof file\nc/*\tof file\n",
                             "passwords: {all: for all, file: secret.txt}\nrules: [{match: 'c/*', "
                             "password: of rule}, {match: '**', languages: [deu]}]\n");
  EXPECT_EQ(of(job, "a/x.pdf"), "for all");
  EXPECT_EQ(of(job, "b/x.pdf"), "of file");
  EXPECT_EQ(of(job, "c/x.pdf"), "of rule");
}

TEST_F(PasswordsTest, NamesFileAndLineOfWhatIsWrongAndNotWhatStandsThere) {
  const std::string keys = "passwords: {file: secret.txt}\n";
  folder_.write("secret.txt", "a.pdf\tsesame\nb.pdf sesame\n");
  EXPECT_THAT(refusal(keys),
              AllOf(HasSubstr("secret.txt:2: there is no tab"), Not(HasSubstr("sesame"))));
  folder_.write("secret.txt", "\tsesame\n");
  EXPECT_THAT(refusal(keys), AllOf(HasSubstr("secret.txt:1: the glob"), Not(HasSubstr("sesame"))));
  folder_.write("secret.txt", "sesame.pdf\t\n");
  EXPECT_THAT(refusal(keys),
              AllOf(HasSubstr("secret.txt:1: the password"), Not(HasSubstr("sesame"))));
  EXPECT_THAT(refusal("passwords: {file: nowhere.txt}\n"),
              AllOf(HasSubstr("passwords.file"), HasSubstr("nowhere.txt")));
}

TEST_F(PasswordsTest, WarnsOfAFileThatOthersCanRead) {
  const auto file = folder_.write("secret.txt", "a.pdf\tsesame\n");
  for (const auto& [mode, warns] :
       {std::pair{0600U, false}, {0400U, false}, {0640U, true}, {0604U, true}}) {
    ASSERT_EQ(::chmod(file.c_str(), mode), 0);
    auto job = load("passwords: {file: secret.txt}\n");
    const auto warning = read_password_file(job);
    EXPECT_EQ(!warning.empty(), warns) << std::oct << mode;
    if (warns) {
      EXPECT_THAT(warning,
                  AllOf(HasSubstr("secret.txt"), HasSubstr("chmod 600"), Not(HasSubstr("sesame"))));
    }
  }
}

TEST_F(PasswordsTest, AreKeptOutOfTheRunsJob) {
  const auto job = with_file(
      "a.pdf\tin the file\n",
      "passwords: {all: sesame, file: secret.txt}\nrules: [{match: a, password: of rule}]\n");
  const auto yaml = to_run_yaml(job);
  for (const auto* password : {"sesame", "in the file", "of rule"})
    EXPECT_THAT(yaml, Not(HasSubstr(password)));
  EXPECT_THAT(yaml, HasSubstr("all: \"***\""));
  EXPECT_THAT(yaml, HasSubstr(folder_.path() / "secret.txt"));
  EXPECT_THAT(differences_in_text(job, to_yaml(load(""))), IsEmpty()) << "they change no text";
}

TEST_F(PasswordsTest, TheRunsJobIsLoadedWithoutTheirFile) {
  const auto yaml = to_yaml(with_file("a.pdf\tsesame\n"));
  std::filesystem::remove(folder_.path() / "secret.txt");
  const pecia::test::TempFolder elsewhere;
  EXPECT_NO_THROW((void)load_job(elsewhere.write("run.yaml", yaml), {}));
}

TEST_F(PasswordsTest, AreNotRepeatedWhereTheyStandInTheWrongPlace) {
  for (const auto* keys : {"passwords: sesame\n", "passwords: [sesame]\n", "passwords: {sesame}\n", "passwords: {sesame: 1}\n",
                           "passwords: {all: [sesame]}\n", "passwords: {all: *sesame}\n", "rules: sesame\n", "rules: [sesame]\n",
                           "rules: [{match: a, password: [sesame]}]\n", "rules: [{match: a, password: {sesame: 1}}]\n"})
    EXPECT_THAT(refusal(keys), AllOf(HasSubstr("x.yaml"), Not(HasSubstr("sesame")))) << keys;
  EXPECT_THAT(refusal("passwords: sesame\n"), HasSubstr("passwords: expected keys (all, file), found a text"));
  EXPECT_THAT(refusal("passwords: {fil: a.txt}\n"), HasSubstr("Did you mean 'file'?"));
}

TEST_F(PasswordsTest, ARunHasNone) {
  auto job = load("passwords: {all: sesame}\nrules: [{match: a, password: of rule}]\n");
  const auto run = load_job(folder_.write("run.yaml", to_run_yaml(job)), {});
  EXPECT_TRUE(run.of_run);
  EXPECT_FALSE(run.passwords.all);
  ASSERT_EQ(run.rules.size(), 1U);
  EXPECT_FALSE(run.rules[0].password);
  EXPECT_EQ(settings_for(run, "a").password, "");
  EXPECT_FALSE(job.of_run);
  EXPECT_EQ(load("passwords: {all: '***'}\n").passwords.all, "***") << "of a job that somebody wrote";
}

TEST_F(PasswordsTest, AreRefusedOnTheCommandLineWithoutBeingRepeated) {
  for (const auto* override : {"passwords.all=sesame", "passwords={all: sesame}", "passwords=sesame", "passwords=[sesame]",
                               "passwords.alle=sesame", "password=sesame", "pass=sesame", "passwords={sesame: }", "passwords.all=[{a: sesame}]",
                               "rules=[{match: a, password: sesame}]", "rules=[{match: a, password: [sesame]}]",
                               "rules[0].password=sesame", "Passwords.all=sesame", "PASSWORDS={all: sesame}", "job.passwords.all=sesame",
                               " passwords.all=sesame", "Rules[0].Password=sesame"}) {
    EXPECT_THAT(refusal("", {override}), AllOf(HasSubstr("can see a password on the command line"),
                                               Not(HasSubstr("sesame"))))
        << override;
  }
  for (const auto* override : {"passwords: sesame", "passwords={all: *sesame", "passwords={all: *sesame}", "rules=sesame",
                               "Rules=[{match: a, password: sesame}]", "Passwords: sesame", "engine={Password: *sesame"})
    EXPECT_THAT(refusal("", {override}), AllOf(HasSubstr("--set "), Not(HasSubstr("sesame")))) << override;
  EXPECT_EQ(load("", {"passwords.file=f.txt"}).passwords.file, folder_.path() / "f.txt");
  EXPECT_EQ(load("passwords: {all: sesame}\n", {"passwords.file="}).passwords.all, "sesame");
}

}  // namespace passwords_test
}  // namespace pecia::app
