#pragma once

#include <filesystem>

#include "pecia/app/job.hpp"
#include "pecia/export/pdf.hpp"

namespace pecia::app {

/// CPU seconds that a document may take before its process is taken for one that hangs: by its pages, bytes and pixels.
[[nodiscard]] double pdf_cpu_s(const corpus::Document& listed);

/// Writes searchable PDFs from the documents below `root`, by `pecia-pdf` processes: one for each thread that calls, for all
/// its documents; one that dies costs the document which it had, and the next gets another. No document is parsed in this
/// process. While `job` lives, whose passwords open what is encrypted; copies share their processes. A thread that is to
/// call again must not have ended meanwhile.
[[nodiscard]] exporting::WritePdf pdf_writer(const Job& job, std::filesystem::path root);

}  // namespace pecia::app
