#include "vision.hpp"

#include <ATen/ops/randint.h>
#include <c10/core/Allocator.h>
#include <c10/core/InferenceMode.h>
#include <c10/util/ThreadLocalDebugInfo.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/deepseek/devices.hpp"
#include "engine/deepseek/golden.hpp"
#include "engine/deepseek/vision_models.hpp"
#include "pecia/base/error.hpp"

namespace pecia::engine::deepseek::test {
namespace vision_test {

/// Every stage of every view, by its name in the golden set.
Tensors stages_of(const Vision& vision, const PageViews& pages) {
  Tensors stages;
  const auto run = [&](const at::Tensor& views,
                       const std::function<std::string(std::int64_t)>& name) {
    std::map<std::string, std::int64_t> seen;
    const auto probe = [&](const std::string& stage, const at::Tensor& values) {
      for (std::int64_t i = 0; i < values.size(0); ++i)
        stages[name(seen[stage]++) + "." + stage] = values[i].clone();
    };
    (void)see(vision, views, probe);
  };
  run(pages.global, [](std::int64_t) { return std::string{"global"}; });
  run(pages.tiles, [](std::int64_t i) { return "tile" + std::to_string(i); });
  return stages;
}

class GoldenVision : public DeviceTest {
 protected:
  void expect_all_stages(const std::string& configuration, int least) {
    const c10::InferenceMode mode;
    const Golden golden{configuration};
    const auto [config, vision] = load_vision_of(configuration, device());
    for (const auto& page : golden.cases()) {
      const auto stages = stages_of(*vision, views_of(page, config));
      int compared = 0;
      for (const auto& [name, want] : page.at("stages").items()) {
        if (name.starts_with("dec.")) continue;
        ASSERT_TRUE(stages.contains(name)) << name;
        expect_stage(stages.at(name), want, golden.tolerance(),
                     configuration + "/" + page.at("case").get<std::string>() + " " + name);
        ++compared;
      }
      EXPECT_GE(compared, least);
    }
  }
};
INSTANTIATE_TEST_SUITE_P(Devices, GoldenVision, testing::ValuesIn(devices()), device_name);

TEST_P(GoldenVision, EveryStageOfA) { expect_all_stages("a", 12); }
TEST_P(GoldenVision, EveryStageOfB) { expect_all_stages("b", 14); }
TEST_P(GoldenVision, EveryStageOfC) { expect_all_stages("c", 11); }

TEST_P(GoldenVision, EveryElementOfEveryStageOfOnePage) {
  const c10::InferenceMode mode;
  const auto [config, vision] = load_vision_of("a", device());
  const auto stages = stages_of(*vision, views_of(Golden{"a"}.find("t2"), config));
  const auto full = read_safetensors(golden_path("a_t2_stages.safetensors"));
  int compared = 0;
  for (const auto& [name, want] : full) {
    if (name.starts_with("dec.")) continue;
    ASSERT_TRUE(stages.contains(name)) << name;
    expect_close(stages.at(name), want, 5e-5, name);
    ++compared;
  }
  EXPECT_EQ(compared, 36);
}

/// Views of one size alone and as the first of up to `most`.
void expect_alone_as_in_company(const Vision& vision, std::int64_t side, std::int64_t most) {
  const auto views = at::randint(256, {most, side, side, 3}, at::kByte);
  std::vector<at::Tensor> alone;
  for (std::int64_t i = 0; i < most; ++i) alone.push_back(see(vision, views.narrow(0, i, 1)));
  for (std::int64_t n = 1; n <= most; ++n) {
    const auto together = see(vision, views.narrow(0, most - n, n));
    ASSERT_EQ(together.size(0), n);
    for (std::int64_t i = 0; i < n; ++i)
      EXPECT_TRUE(equal_bits(together[i], alone[static_cast<std::size_t>(most - n + i)][0]))
          << "view " << i << " of " << n << " of " << side << " px";
  }
}

TEST(VisionOnACpu, AViewDoesNotDependOnTheOthers) {
  const c10::InferenceMode mode;
  for (const auto& model : {load_vision_of("a", at::kCPU), load_vision_of("b", at::kCPU),
                            load_reader_vision(at::kCPU)}) {
    expect_alone_as_in_company(*model.vision, model.config.image.base_px, 7);
    expect_alone_as_in_company(*model.vision, model.config.image.tile_px, 7);
  }
  const auto real_geometry = load_vision_of("c", at::kCPU);
  expect_alone_as_in_company(*real_geometry.vision, real_geometry.config.image.base_px, 2);
  expect_alone_as_in_company(*real_geometry.vision, real_geometry.config.image.tile_px, 3);
}

TEST(VisionOnACpu, InBf16SeesAboutTheSame) {
  const c10::InferenceMode mode;
  const auto exact = load_vision_of("b", at::kCPU);
  const auto rough = load_vision_of("b", at::kCPU, at::kBFloat16);
  const auto pages = views_of(Golden{"b"}.find("t6"), exact.config);
  for (const auto& views : {pages.global, pages.tiles}) {
    const auto want = see(*exact.vision, views), got = see(*rough.vision, views);
    ASSERT_EQ(got.scalar_type(), at::kBFloat16);
    const auto difference = (got.to(at::kFloat) - want).abs().mean().item<float>();
    EXPECT_LT(difference, 0.03F * want.abs().mean().item<float>());
  }
}

TEST_P(GoldenVision, AProbeChangesNothingButRounding) {
  const c10::InferenceMode mode;
  const auto [config, vision] = load_vision_of("a", device());
  const auto views = views_of(Golden{"a"}.find("t6"), config).tiles;
  const auto probed = see(*vision, views, [](const std::string&, const at::Tensor&) {});
  expect_close(see(*vision, views), probed, 1e-5, "tiles");
}

TEST(Vision, RefusesViewsOfOtherSizes) {
  const c10::InferenceMode mode;
  const auto [config, vision] = load_vision_of("a", at::kCPU);
  EXPECT_THROW((void)see(*vision, at::randint(256, {1, 56, 56, 3}, at::kByte)), Error);
  EXPECT_EQ(see(*vision, at::randint(256, {0, 64, 64, 3}, at::kByte)).size(0), 0);
  EXPECT_EQ(separator(*vision).sizes(), at::IntArrayRef{config.decoder.width});
}

/// The most bytes that tensors of this thread held at once beyond those that were there.
class PeakMemory : public c10::MemoryReportingInfoBase {
 public:
  void reportMemoryUsage(void*, std::int64_t bytes, std::size_t, std::size_t,
                         c10::Device) override {
    held_ += bytes;
    peak_ = std::max(peak_, held_);
  }
  [[nodiscard]] bool memoryProfilingEnabled() const override { return true; }
  [[nodiscard]] std::int64_t bytes() const noexcept { return peak_; }

 private:
  std::int64_t held_ = 0, peak_ = 0;
};

// One view of the real geometry has logits of 2 heads x 4096 x 4096 x 4 bytes = 134 MB.
TEST(VisionOnACpu, NeverHoldsTheLogitsOfAView) {
  const c10::InferenceMode mode;
  const auto [config, vision] = load_vision_of("c", at::kCPU);
  const auto views = at::randint(256, {2, 1024, 1024, 3}, at::kByte);
  const auto memory = std::make_shared<PeakMemory>();
  {
    const c10::DebugInfoGuard watched{c10::DebugInfoKind::PROFILER_STATE, memory};
    (void)see(*vision, views);
  }
  EXPECT_GT(memory->bytes(), 4 << 20);
  EXPECT_LT(memory->bytes(), 48 << 20);
}

}  // namespace vision_test
}  // namespace pecia::engine::deepseek::test
