#pragma once

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "pecia/merge/document.hpp"

namespace pecia::app {

/// Prints documents in one of the formats of `pecia read`, each as soon as it is there.
class ReadPrinter {
 public:
  /// `several`: each is preceded by its path, where the format does not say it anyway.
  ReadPrinter(std::string format, bool several, std::FILE* out)
      : format_{std::move(format)}, several_{several}, out_{out} {}
  void print(const merge::Document& document);
  /// After the last one.
  void finish();

  [[nodiscard]] static const std::vector<std::string>& formats();

 private:
  void print_json(const merge::Document& document);
  void write(std::string_view text);

  std::string format_;
  bool several_;
  std::FILE* out_;
  bool begun_ = false;
};

/// A page as one line of JSON; keys as in docs/formats.md, "pecia read".
[[nodiscard]] std::string page_json(const std::string& path, const merge::Page& page);

}  // namespace pecia::app
