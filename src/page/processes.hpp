#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <vector>

namespace pecia::page {

/// Running processes and zombies that descend from this one: those too whose parents have ended,
/// where it is a subreaper (PR_SET_CHILD_SUBREAPER). As of this moment; none where /proc does not
/// say (Linux without CONFIG_PROC_CHILDREN). `proc`: for tests.
[[nodiscard]] std::vector<pid_t> descendants(const std::filesystem::path& proc = "/proc");

/// CPU seconds of those and of what they have waited for, and of what this process has waited for.
[[nodiscard]] double cpu_of_descendants_s(const std::vector<pid_t>& descendants);

/// Kills a child that was not waited for, and those of its group if it leads one: what is known of
/// LibreOffice where /proc does not tell of its descendants.
void end_with_group(pid_t leader);

/// Kills and waits until there are none, in whatever groups and sessions they are; no longer than
/// `patience`, since there may be some that /proc does not tell of or that cannot end. Of a
/// subreaper.
void end_descendants(std::chrono::milliseconds patience = std::chrono::seconds{10},
                     const std::filesystem::path& proc = "/proc");

}  // namespace pecia::page
