#pragma once

#include <sys/stat.h>

#include <string>

#include "pecia/corpus/document.hpp"

namespace pecia::app {

/// Empty, or why a file is not the one that the run has read.
[[nodiscard]] std::string change_of(const struct stat& status, const corpus::Document& listed);

}  // namespace pecia::app
