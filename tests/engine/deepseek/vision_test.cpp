#include "vision.hpp"

#include <ATen/ops/cat.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/stack.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include <map>

#include "checkpoint.hpp"
#include "engine/deepseek/devices.hpp"
#include "engine/deepseek/golden.hpp"
#include "engine/deepseek/ppm.hpp"
#include "file_weight_source.hpp"
#include "pecia/base/error.hpp"
#include "sam.hpp"
#include "views.hpp"

namespace pecia::engine::deepseek::test {
namespace {

at::Tensor as_tensor(const std::vector<std::uint8_t>& pixels, std::int64_t side) {
  // from_blob wants a pointer to what may be written; nothing does.
  auto* data = const_cast<std::uint8_t*>(pixels.data());
  const auto views = static_cast<std::int64_t>(pixels.size()) / (side * side * 3);
  return at::from_blob(data, {views, side, side, 3}, at::kByte).clone();
}

struct Pages {
  at::Tensor global, tiles;  // (1, S, S, 3), (T, S, S, 3)
};

Pages views_of(const Json& golden_case, const Config& config) {
  const auto image = test_pixels("golden", golden_case.at("file").get<std::string>());
  const auto views = make_views(image, config.image);
  return {as_tensor(views.global, config.image.base_px),
          as_tensor(views.tiles, config.image.tile_px)};
}

struct Model {
  Config config;
  std::shared_ptr<const Vision> vision;
};

Model load(const std::string& configuration, at::Device device, at::ScalarType type = at::kFloat) {
  const Golden golden{configuration};
  FileWeights source{golden.checkpoint()};
  TensorLoader loader{source, device, type};
  const auto config = golden_config(golden);
  return {config, load_vision(loader, config)};
}

Model load_reader(at::Device device) {
  const auto files =
      open_model((std::filesystem::path{PECIA_TEST_DATA} / "deepseek/reader/checkpoint").string());
  TensorLoader loader{*files.source, device, at::kFloat};
  return {files.config, load_vision(loader, files.config)};
}

/// Every stage of every view, by its name in the golden set.
Tensors stages_of(const Vision& vision, const Pages& pages) {
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
    const auto [config, vision] = load(configuration, device());
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
  const auto [config, vision] = load("a", device());
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
  for (const auto& model : {load("a", at::kCPU), load("b", at::kCPU), load_reader(at::kCPU)}) {
    expect_alone_as_in_company(*model.vision, model.config.image.base_px, 7);
    expect_alone_as_in_company(*model.vision, model.config.image.tile_px, 7);
  }
  const auto real_geometry = load("c", at::kCPU);
  expect_alone_as_in_company(*real_geometry.vision, real_geometry.config.image.base_px, 2);
  expect_alone_as_in_company(*real_geometry.vision, real_geometry.config.image.tile_px, 3);
}

}  // namespace
}  // namespace pecia::engine::deepseek::test
