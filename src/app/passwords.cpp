#include "passwords.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include "pecia/base/error.hpp"
#include "pecia/base/file.hpp"
#include "pecia/base/text.hpp"

namespace pecia::app {
namespace {

/// In UTF-8, which editors of Windows write.
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

bool is_glob(std::string_view text) {
  return text.find_first_of("*?[\\") != std::string_view::npos;
}

/// A line is a glob, tabs, and a password; empty lines and those that begin with # say nothing.
void read_line(std::string_view line, const std::string& place, PasswordList& into) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line.empty() || line.front() == '#') return;
  const auto tab = line.find('\t');
  if (tab == std::string_view::npos)
    throw UsageError{
        fmt::format("{}: there is no tab in the line. Expected a glob on the paths of documents, a "
                    "tab, and the password",
                    place)};
  const auto glob = line.substr(0, tab);
  const auto begin = line.find_first_not_of('\t', tab);
  if (glob.empty()) throw UsageError{fmt::format("{}: the glob before the tab is missing", place)};
  if (begin == std::string_view::npos)
    throw UsageError{fmt::format("{}: the password behind the tab is missing", place)};
  into.add(std::string{glob}, std::string{line.substr(begin)});
}

}  // namespace

void PasswordList::add(std::string match, std::string password) {
  const auto number = lines_++;
  if (is_glob(match))
    globs_.push_back({number, std::move(match), std::move(password)});
  else
    exact_.insert_or_assign(std::move(match), std::pair{number, std::move(password)});
}

const std::string* PasswordList::find(std::string_view path) const {
  const std::string* found = nullptr;
  std::size_t at = 0;
  const auto take = [&](std::size_t number, const std::string& password) {
    if (found && number < at) return;
    found = &password;
    at = number;
  };
  for (const auto& name :
       {path, path.substr(path.rfind('/') + 1)}) {  // a pattern without a slash is one of names
    if (const auto line = exact_.find(std::string{name}); line != exact_.end())
      take(line->second.first, line->second.second);
  }
  for (auto line = globs_.rbegin(); line != globs_.rend() && !(found && line->number < at);
       ++line) {
    if (glob_match(line->match, path)) take(line->number, line->password);
  }
  return found;
}

std::string read_password_file(Job& job) {
  auto& passwords = job.passwords;
  passwords.listed = {};
  if (passwords.file.empty()) return {};
  const auto name = printable(passwords.file.native());
  std::string text;
  try {
    text = read_file(passwords.file);
  } catch (const Error& error) {
    throw UsageError{fmt::format("passwords.file: {}", error.what())};
  }
  std::size_t number = 0;
  std::string_view rest{text};
  if (rest.starts_with(byte_order_mark)) rest.remove_prefix(byte_order_mark.size());
  while (!rest.empty()) {
    const auto end = std::min(rest.find('\n'), rest.size());
    read_line(rest.substr(0, end), fmt::format("{}:{}", name, ++number), passwords.listed);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  struct stat status {};
  if (::stat(passwords.file.c_str(), &status) == 0 && (status.st_mode & (S_IRGRP | S_IROTH)) != 0)
    return fmt::format("the passwords in {} can be read by others (mode {:o}): chmod 600 {}", name,
                       status.st_mode & 0777U, name);
  return {};
}

}  // namespace pecia::app
