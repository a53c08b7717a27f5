#include <string>

#include "fuzz.hpp"
#include "pecia/base/error.hpp"
#include "pecia/corpus/cost_model.hpp"
#include "pecia/store/ledger.hpp"
#include "pecia/store/run.hpp"

// The small JSON files of a run: the lock, the ledger of a job, the cost model.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pecia;
  const store::RunPaths run{fuzz::scratch() / "run"};
  const auto epoch = run.epochs() / "000001";
  std::filesystem::create_directories(epoch);
  const auto text = fuzz::text_of({data, size});
  fuzz::put_file(run.lock(), text);
  if (const auto holder = store::read_holder(run)) (void)holder->description();

  fuzz::put_file(epoch / "ledger.json", text);
  try {
    if (const auto ledger = store::read_ledger(run, 1)) store::write_ledger(run, *ledger);
  } catch (const Error&) {
  }
  (void)store::starts_without_progress(run, 1);

  try {
    const auto model = corpus::read_cost_model(std::string{text}, "cost_model.json");
    const auto seconds = model.estimate_s("tesseract", corpus::PageEvidence{});
    fuzz::expect(seconds >= corpus::CostModel::shortest_s && seconds <= corpus::CostModel::longest_s,
                 "a page costs neither nothing nor for ever");
  } catch (const Error&) {
  }
  return 0;
}
