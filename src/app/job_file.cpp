#include "job_file.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>

#include <algorithm>
#include <sstream>
#include <string_view>
#include <system_error>
#include <vector>

#include "pecia/base/error.hpp"
#include "pecia/base/file.hpp"
#include "pecia/base/text.hpp"

namespace pecia::app {
namespace {

constexpr std::string_view no_anchor = "the referenced anchor is not defined";  ///< how yaml-cpp begins to say so

namespace fs = std::filesystem;
constexpr std::uintmax_t largest_job_bytes = 1 << 20;

/// Where the documents of a text begin. YAML::LoadAll would not end on texts like "a ]".
class DocumentMarks : public YAML::EventHandler {
 public:
  std::vector<YAML::Mark> marks;
  void OnDocumentStart(const YAML::Mark& mark) override { marks.push_back(mark); }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}
};

void expect_one_document(const std::string& text, const JobOrigin& origin) {
  std::istringstream stream{text};
  YAML::Parser parser{stream};
  DocumentMarks documents;
  while (documents.marks.size() < 2 && parser.HandleNextDocument(documents)) {
  }
  if (documents.marks.size() < 2) return;
  const auto& mark = documents.marks[1];
  if (std::string_view{text}.substr(std::min(static_cast<std::size_t>(mark.pos), text.size())).starts_with("---"))
    throw UsageError{
        fmt::format("{}: '---' begins a second job in the file. Put it in a file of "
                    "its own",
                    origin.place(mark))};
  throw UsageError{fmt::format("{}: this is not YAML: nothing may follow here", origin.place(mark))};
}

}  // namespace

std::string read_job_file(const fs::path& file) {
  const auto shown = printable(file.native());
  std::error_code failure;
  const auto status = fs::status(file, failure);
  if (!fs::exists(status))
    throw UsageError{
        fmt::format("cannot read the job file {}: {}. Job files to begin with are in jobs/", shown,
                    failure ? failure.message() : "there is no such file")};
  if (fs::is_directory(status))
    throw UsageError{
        fmt::format("{} is a folder, not a job file. Name a YAML file: {}/x.yaml", shown, shown)};
  if (fs::is_regular_file(status) && fs::file_size(file, failure) > largest_job_bytes)
    throw UsageError{
        fmt::format("{} is no job file: it is larger than 1 MiB. A job file is a short "
                    "text; documents are named in it, under corpus.root",
                    shown)};
  std::string text;
  try {
    text = read_file(file);
  } catch (const Error& error) {
    throw UsageError{fmt::format("the job file: {}", error.what())};
  }
  if (!is_utf8(text) || text.find('\0') != std::string::npos)
    throw UsageError{
        fmt::format("{} is no job file: it is not UTF-8 text. A job file is YAML; "
                    "documents are named in it, under corpus.root",
                    shown)};
  return text;
}

UsageError not_yaml(const YAML::Exception& error, const JobOrigin& origin) {
  // It names the anchor, which may be a password that begins with *.
  const auto msg = error.msg.starts_with(no_anchor) ? fmt::format("{} (quote a text that begins with *)", no_anchor) : error.msg;
  return UsageError{fmt::format("{}: this is not YAML: {}", origin.place(error.mark), msg)};
}

YAML::Node parse_job(const std::string& text, const JobOrigin& origin) {
  try {
    expect_one_document(text, origin);
    auto document = YAML::Load(text);
    if (document.IsNull())
      throw UsageError{
          fmt::format("{} is empty. A job needs at least corpus and run; see "
                      "jobs/example.yaml",
                      origin.name)};
    return document;
  } catch (const YAML::Exception& error) {
    throw not_yaml(error, origin);
  }
}

}  // namespace pecia::app
