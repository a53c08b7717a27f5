#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <string>

#include "pecia/base/error.hpp"
#include "pecia/base/file.hpp"
#include "pecia/base/version.hpp"
#include "pecia/child/child.hpp"
#include "pecia/child/shared_memory.hpp"
#include "pecia/comm/mpi.hpp"
#include "pecia/corpus/listing.hpp"
#include "pecia/engine/deepseek_download.hpp"
#include "pecia/page/reader.hpp"
#include "verbs.hpp"

namespace pecia::app {
namespace {

namespace fs = std::filesystem;

/// Prints a line per finding and remembers whether one of them forbids running.
class Findings {
 public:
  void good(std::string_view what, std::string_view text) { print("ok", what, text); }
  void warn(std::string_view what, std::string_view text) { print("warn", what, text); }
  void bad(std::string_view what, std::string_view text) {
    print("BAD", what, text);
    sound_ = false;
  }
  [[nodiscard]] bool sound() const noexcept { return sound_; }

 private:
  static void print(std::string_view mark, std::string_view what, std::string_view text) {
    fmt::print("{:<5} {:<16} {}\n", mark, what, text);
  }
  bool sound_ = true;
};

struct Output {
  int status = -1;
  std::string text;
};

Output output_of(const fs::path& program, std::string_view argument) {
  const auto command = fmt::format("'{}' {} 2>&1", program.string(), argument);
  Output output;
  FILE* pipe = popen(command.c_str(), "r");
  if (!pipe) return output;
  std::array<char, 4096> buffer{};
  while (const auto size = std::fread(buffer.data(), 1, buffer.size(), pipe))
    output.text.append(buffer.data(), size);
  output.status = pclose(pipe);
  while (!output.text.empty() && output.text.back() == '\n') output.text.pop_back();
  return output;
}

void check_launcher(Findings& findings) {
  findings.good("MPI", comm::mpi_version());
  switch (comm::detect_launch()) {
    case comm::Launch::alone: findings.good("launcher", "none: one rank, without MPI"); break;
    case comm::Launch::mpi: findings.good("launcher", "mpirun, or srun with PMIx"); break;
    case comm::Launch::no_pmix:
      findings.bad("launcher", "srun started several tasks without PMIx. Use srun --mpi=pmix, or mpirun");
      break;
  }
}

void check_program(Findings& findings, std::string_view name) {
  try {
    const auto program = child::find_program(name);
    const auto output = output_of(program, "--version");
    if (output.status == 0)
      findings.good(name, output.text);
    else
      findings.bad(name, fmt::format("does not start ({}). Reinstall pecia, or load the modules it was built with",
                                     output.text));
  } catch (const Error& error) {
    findings.bad(name, error.what());
  }
}

/// The engine deepseek_ocr2 is optional: what is missing forbids nothing. Its program is asked, since pecia links neither
/// LibTorch nor CUDA.
void check_deepseek(Findings& findings) {
  constexpr std::string_view name = "pecia-deepseek";
  try {
    const auto output = output_of(child::find_program(name), "--describe");
    if (output.status == 0)
      findings.good(name, output.text);
    else
      findings.warn(name, fmt::format("does not start ({}). Load the modules it was built with, or build it again: docs/deepseek.md",
                                      output.text));
  } catch (const Error&) {
    findings.warn(name, "not built: the engine deepseek_ocr2 needs LibTorch. jobs/fetch_libtorch.sh gets it, or load a PyTorch "
                        "module and build again: docs/deepseek.md");
  }
}

/// What keeps a document that takes over the process that parses it from the rest of the machine. Everything runs
/// without it, too, so nothing of it forbids a run.
void check_sandbox(Findings& findings, std::string_view name) {
  const auto what = fmt::format("{} sandbox", name == "pecia-office" ? "libreoffice" : name.substr(std::string_view{"pecia-"}.size()));
  try {
    auto output = output_of(child::find_program(name), "--sandbox");
    for (auto at = output.text.find('\n'); at != std::string::npos; at = output.text.find('\n')) output.text.replace(at, 1, "; ");
    if (output.status == 0)
      findings.good(what, output.text);
    else
      findings.warn(what, output.text);
  } catch (const Error&) {
    // the program is missing: reported above
  }
}

void check_libreoffice(Findings& findings) {
  if (const auto program = page::find_libreoffice()) {
    // Without a home, where it would leave settings.
    const auto told = output_of("env", fmt::format("HOME=/nonexistent timeout 20 '{}' --version", program->string()));
    const bool has_told = told.status == 0 && told.text.starts_with("LibreOffice");
    findings.good("LibreOffice", has_told ? fmt::format("{}: {}", program->string(), told.text.substr(0, told.text.find('\n'))) : program->string());
  } else {
    findings.warn("LibreOffice", "not here: DOCX and ODT end as failed(needs_libreoffice). On Debian: apt-get install "
                                 "libreoffice-writer-nogui; elsewhere have soffice on PATH, or name it by PECIA_SOFFICE");
  }
}

void check_languages(Findings& findings) {
  try {
    auto output = output_of(child::find_program("pecia-tesseract"), "--list-languages");
    for (auto& c : output.text) c = c == '\n' ? ' ' : c;
    if (output.status == 0 && !output.text.empty()) {
      findings.good("languages", output.text);
      if (fmt::format(" {} ", output.text).find(" osd ") == std::string::npos)
        findings.warn("orientation", "Tesseract has no osd.traineddata: a page that is turned, and whose letters alone do not show it, is read "
                                     "as it is, and `languages: auto` does not see scripts. On Debian: apt-get install tesseract-ocr-osd");
    } else {
      findings.bad("languages", "Tesseract has no language. On Debian: apt-get install tesseract-ocr-eng; "
                                "elsewhere set TESSDATA_PREFIX to the folder of the *.traineddata files");
    }
  } catch (const Error&) {
    // pecia-tesseract is missing: reported above
  }
}

void check_folder(Findings& findings, const fs::path& folder) {
  const auto probe = folder / fmt::format(".pecia-doctor-{}", getpid());
  try {
    replace_file(probe, "doctor");
    fs::remove(probe);
    struct statvfs disk {};
    statvfs(folder.c_str(), &disk);
    constexpr double gib = 1024.0 * 1024.0 * 1024.0;
    findings.good("folder", fmt::format("{}: can be written, synced and renamed in; {:.1f} GiB free",
                                        fs::absolute(folder).string(),
                                        static_cast<double>(disk.f_bavail * disk.f_frsize) / gib));
  } catch (const std::exception& error) {
    findings.bad("folder", error.what());
  }
}

void check_limits(Findings& findings) {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  constexpr rlim_t wanted_files = 1024;
  const auto text = fmt::format("{} open files", files.rlim_cur);
  if (files.rlim_cur < wanted_files)
    findings.warn("limits", text + "; readers of corpus.h5 want 1024: ulimit -n 1024");
  else
    findings.good("limits", text);
  try {
    auto memory = child::SharedMemory::create(std::size_t{1} << 20);
    memory.seal();
    findings.good("shared memory", "images pass between processes by memfd");
  } catch (const Error& error) {
    findings.bad("shared memory", error.what());
  }
  findings.good("cores", std::to_string(sysconf(_SC_NPROCESSORS_ONLN)));
}

void check_weights(Findings& findings, const std::string& weights) {
  if (weights.empty()) {
    findings.good("deepseek_ocr2", "bytes of its weights: " + engine::published_bytes_per_part() +
                                       ". --weights DIR checks a download");
    return;
  }
  const auto sha256_matches = [](const fs::path& file, const std::string& hex) {
    return corpus::matches(file, {"sha256", hex});
  };
  engine::check_download(weights, sha256_matches, [&](const engine::DownloadFinding& finding) {
    using Mark = engine::DownloadFinding::Mark;
    if (finding.mark == Mark::good) findings.good(finding.what, finding.text);
    if (finding.mark == Mark::warning) findings.warn(finding.what, finding.text);
    if (finding.mark == Mark::bad) findings.bad(finding.what, finding.text);
  });
}

}  // namespace

int doctor_verb(const fs::path& folder, const std::string& weights) {
  Findings findings;
  findings.good("pecia", version());
  fmt::print("{}\n", build_configuration());
  check_launcher(findings);
  check_program(findings, "pecia-page");
  check_program(findings, "pecia-tesseract");
  check_program(findings, "pecia-pdf");
  check_sandbox(findings, "pecia-page");
  check_sandbox(findings, "pecia-tesseract");
  check_sandbox(findings, "pecia-pdf");
  check_program(findings, "pecia-office");
  check_libreoffice(findings);
  if (page::find_libreoffice()) check_sandbox(findings, "pecia-office");
  check_languages(findings);
  check_deepseek(findings);
  check_folder(findings, folder);
  check_limits(findings);
  check_weights(findings, weights);
  return findings.sound() ? 0 : 1;
}

}  // namespace pecia::app
