#include <string>

#include "fuzz.hpp"
#include "pecia/app/job.hpp"
#include "pecia/base/error.hpp"

// A job file: it is refused in words, or written out in full it is the same job.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pecia;
  const auto file = fuzz::scratch() / "job.yaml";
  const std::string text{fuzz::text_of({data, size})};
  fuzz::put_file(file, text);
  try {
    const auto job = app::load_job(file, {});
    for (const auto* path : {"a/b/c.pdf", "1650-01/x x/thumbs/y.tif", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.png"}) {
      (void)app::settings_for(job, path);
      (void)app::priority_of(job, path);
    }
    const auto effective = app::to_yaml(job);
    fuzz::expect(app::differences_in_text(job, effective).empty(), "a job does not differ from itself");
    fuzz::put_file(file, effective);
    fuzz::expect(app::to_yaml(app::load_job(file, {})) == effective, "the effective job is the same job");
  } catch (const UsageError&) {
  }
  try {
    (void)app::job_without_corpus("replay", {text});
  } catch (const UsageError&) {
  }
  return 0;
}
