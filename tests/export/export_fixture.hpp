#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "pecia/base/error.hpp"
#include "pecia/base/file.hpp"
#include "pecia/export/export.hpp"
#include "support/made_run.hpp"

namespace pecia::test {

namespace fs = std::filesystem;
using exporting::export_run;
using exporting::ExportReport;
using exporting::ExportSettings;
using Json = nlohmann::json;

/// What a test does to a file to see whether it is written again.
constexpr auto touched = fs::file_time_type::min() + std::chrono::hours{24 * 365 * 250};

/// A run of three documents of two pages, of which one failed, and a folder to export it to.
class ExportedRun : public testing::Test {
 protected:
  ExportedRun() {
    for (const auto* path : {"a.png", "b/c.pdf", "d.pdf"}) run_.add_document(path, 2);
    for (const auto* path : {"a.png", "b/c.pdf"}) {
      for (std::uint32_t page = 1; page <= 2; ++page)
        run_.commit(path, page, read_outcome(std::string{path} + " page " + std::to_string(page)));
    }
    run_.commit("d.pdf", 1, read_outcome("first"));
    run_.commit("d.pdf", 2, failed_outcome(Reason::timeout, "took too long"));
    run_.finish();
  }

  ExportSettings settings(std::vector<std::string> formats = {"md", "txt", "jsonl"}) const { return {std::move(formats), out_}; }
  ExportReport exported(const ExportSettings& how) { return export_run(run_.paths(), how); }
  ExportReport exported() { return exported(settings()); }
  void read_again() {
    run_.go_on();
    run_.commit("d.pdf", 2, read_outcome("second"), 1);
    run_.finish();
  }
  std::string refusal(const ExportSettings& how) {
    try {
      (void)exported(how);
    } catch (const UsageError& error) {
      return error.what();
    }
    return "it was accepted";
  }
  std::string file(const std::string& name) const { return read_file(out_ / name); }
  bool there(const std::string& name) const { return fs::exists(out_ / name); }
  Json list() const { return Json::parse(file("export.json")); }
  Json entry(const std::string& path) const {
    const auto json = list();
    for (const auto& document : json["documents"]) {
      if (document["path"] == path) return document;
    }
    return nullptr;
  }
  std::vector<std::string> paths_in_lines() const {
    std::vector<std::string> paths;
    std::istringstream in{file("pages.jsonl")};
    for (std::string line; std::getline(in, line);) paths.push_back(Json::parse(line)["path"]);
    return paths;
  }
  /// Names of files that were written since `touch_all`.
  void touch_all() const {
    for (const auto& file : fs::recursive_directory_iterator{out_}) {
      if (file.is_regular_file()) fs::last_write_time(file, touched);
    }
  }
  std::vector<std::string> written() const {
    std::vector<std::string> names;
    for (const auto& file : fs::recursive_directory_iterator{out_}) {
      if (file.is_regular_file() && fs::last_write_time(file) != touched && file.path().filename() != "export.json")
        names.push_back(file.path().lexically_relative(out_).native());
    }
    std::ranges::sort(names);
    return names;
  }

  test::MadeRun run_;
  test::TempFolder folder_;
  fs::path out_ = folder_.path() / "out";
};

}  // namespace pecia::test
