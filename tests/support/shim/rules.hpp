#pragma once

#include <atomic>
#include <climits>
#include <string>
#include <string_view>
#include <vector>

namespace shim {

/// What is to happen at an event. Read from PECIA_SHIM_RULES: rules are separated by `;`, their words by
/// blanks, `key=value` each.
struct Rule {
  enum class Do { kill, kill_session, fail, shorten, stall, skip, clock };
  Do act = Do::fail;
  std::string on;           ///< create, open, pread, write, truncate, fsync, rename, unlink, rmdir, mkdir; fsyncdir of
                            ///< a folder, named by what the thread made there last, or (-removed) removed
  std::string path;         ///< a glob on the path below the root; `*` matches `/` too
  bool after = false;       ///< `when=after`: once the call has worked
  int nth = 1, count = 1;   ///< from the nth event of this process on, so many times (`count=all`)
  int rank = -1;            ///< of this rank only
  int error = 0;            ///< `errno=`, by name
  double seconds = 0;       ///< of a stall, or by which the clock jumps
  long bytes = 0;           ///< of a write or pread before it is cut short, of a write before the process is killed
  std::atomic<int> seen{0};

  Rule() = default;
  Rule(Rule&& other) noexcept
      : act{other.act}, on{std::move(other.on)}, path{std::move(other.path)}, after{other.after},
        nth{other.nth}, count{other.count}, rank{other.rank}, error{other.error},
        seconds{other.seconds}, bytes{other.bytes} {}
};

/// Aborts, saying why, at a rule that makes no sense: a test must not pass because its fault never came.
[[nodiscard]] std::vector<Rule> parse_rules(std::string_view text);

/// Whether the rule is for this event; counts it.
[[nodiscard]] bool matches(Rule& rule, std::string_view op, const std::string& path, bool after);

}  // namespace shim
