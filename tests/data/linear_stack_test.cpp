// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/data/linear_stack.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <stdexcept>
#include <utility>
#include <vector>

#include "files.hpp"
#include "plateau/data/safetensors.hpp"

namespace plateau::linear_stack_test {
namespace {

using namespace testing_files;

using Widths = std::vector<Index>;

struct Linear {
  std::string prefix;
  Index in = 1, out = 1;
};

// Weight and bias of each, the values of layer k being k.
std::vector<Tensor> tensors_of(const std::vector<Linear>& layers) {
  std::vector<Tensor> tensors;
  for (const Linear& layer : layers) {
    const auto value = static_cast<float>(tensors.size() / 2);
    const auto values = [&](Index count) { return std::vector<float>(static_cast<std::size_t>(count), value); };
    tensors.push_back({layer.prefix + "weight", {layer.out, layer.in}, values(layer.out * layer.in)});
    tensors.push_back({layer.prefix + "bias", {layer.out}, values(layer.out)});
  }
  return tensors;
}

std::filesystem::path put_tensors(const std::vector<Tensor>& tensors) {
  const auto path = test_folder() / "m.safetensors";
  write_safetensors(path, tensors);
  return path;
}

std::string stack_refusal(const std::vector<Tensor>& tensors) {
  const auto path = put_tensors(tensors);
  const std::string sentence = refusal([&] { read_linear_stack(path); });
  const std::string file = path.string() + ": ";
  EXPECT_EQ(sentence.find(file), 0u) << sentence;
  return sentence.substr(std::min(sentence.size(), file.size()));
}

LinearStack stack_of(const std::vector<Linear>& layers) { return read_linear_stack(put_tensors(tensors_of(layers))); }

// Which of the layers given to stack_of() stands where.
std::vector<int> order_in(const LinearStack& stack) {
  std::vector<int> order;
  auto at = stack.parameters.begin();
  for (std::size_t k = 1; k < stack.widths.size(); ++k) {
    order.push_back(static_cast<int>(*at));
    at += (stack.widths[k - 1] + 1) * stack.widths[k];
  }
  return order;
}

// ---- What is read and written ----

TEST(LinearStack, refuses_more_layers_than_a_network_has) {
  const auto path = testing_files::test_folder() / "many.safetensors";
  const auto stack = [](Index layers) {
    return LinearStack{std::vector<Index>(static_cast<std::size_t>(layers) + 1, 1),
                       std::vector<float>(2 * static_cast<std::size_t>(layers), 0.5f)};
  };
  write_linear_stack(path, stack(kMaxStackLayers));
  EXPECT_EQ(read_linear_stack(path).widths.size(), 65u);
  write_linear_stack(path, stack(kMaxStackLayers + 1));
  EXPECT_NE(testing_files::refusal([&] { read_linear_stack(path); }).find("65 layers; 64 are the most"),
            std::string::npos);
}

TEST(LinearStack, comes_back_as_it_was_written) {
  const auto path = test_folder() / "m.safetensors";
  LinearStack stack{{3, 4, 2}, std::vector<float>(4 * 3 + 4 + 2 * 4 + 2)};
  std::iota(stack.parameters.begin(), stack.parameters.end(), 0.5f);

  write_linear_stack(path, stack);

  const LinearStack back = read_linear_stack(path);
  EXPECT_EQ(back.widths, stack.widths);
  EXPECT_EQ(back.parameters, stack.parameters);
}

TEST(LinearStack, is_written_under_pytorch_names) {
  const auto path = test_folder() / "m.safetensors";
  write_linear_stack(path, {{2, 3, 1}, std::vector<float>(6 + 3 + 3 + 1)});

  const std::vector<Tensor> tensors = read_safetensors(path);

  ASSERT_EQ(tensors.size(), 4u);
  EXPECT_EQ(tensors[0].name, "fc1.weight");
  EXPECT_EQ(tensors[0].shape, (Widths{3, 2}));
  EXPECT_EQ(tensors[1].name, "fc1.bias");
  EXPECT_EQ(tensors[1].shape, (Widths{3}));
  EXPECT_EQ(tensors[2].name, "fc2.weight");
  EXPECT_EQ(tensors[3].name, "fc2.bias");
}

TEST(LinearStack, more_than_nine_layers_keep_their_order) {
  const auto path = test_folder() / "m.safetensors";
  LinearStack stack{Widths(13, 1), std::vector<float>(24)};  // equal widths: the names alone give the order
  std::iota(stack.parameters.begin(), stack.parameters.end(), 0.0f);

  write_linear_stack(path, stack);

  EXPECT_EQ(read_linear_stack(path).parameters, stack.parameters);
}

TEST(LinearStack, models_that_pytorch_trained_are_read) {
  const std::pair<const char*, Widths> cases[] = {{"adam_l2_6_24_2", {6, 24, 2}},
                                                  {"adam_linear_3_2", {3, 2}},
                                                  {"adam_memorization_2_128_128_2", {2, 128, 128, 2}},
                                                  {"adamw_8_32_32_4", {8, 32, 32, 4}},
                                                  {"sgd_momentum_5_16_3", {5, 16, 3}}};
  for (const auto& [name, widths] : cases)
    for (const char* file : {"init.safetensors", "final.safetensors"})
      EXPECT_EQ(read_linear_stack(parity_case(name) / file).widths, widths) << name;
}

TEST(LinearStack, the_parameters_are_those_of_the_tensors_in_order) {
  const auto path = parity_case("adam_l2_6_24_2") / "init.safetensors";
  std::vector<float> want;
  for (const Tensor& tensor : read_safetensors(path))  // weight, bias, weight, bias in that file
    want.insert(want.end(), tensor.values.begin(), tensor.values.end());

  EXPECT_EQ(read_linear_stack(path).parameters, want);
}

// ---- Which order ----

TEST(LinearStack, numbers_in_prefixes_are_compared_as_numbers) {
  EXPECT_EQ(order_in(stack_of({{"10.", 2, 2}, {"2.", 2, 2}, {"0.", 2, 2}})), (std::vector{2, 1, 0}));
  EXPECT_EQ(order_in(stack_of({{"fc10.", 2, 2}, {"fc9.", 2, 2}})), (std::vector{1, 0}));
  EXPECT_EQ(order_in(stack_of({{"net.1.10.", 2, 2}, {"net.1.9.", 2, 2}, {"net.0.11.", 2, 2}})), (std::vector{2, 1, 0}));
  EXPECT_EQ(order_in(stack_of({{"l99999999999999999999999.", 2, 2}, {"l099999999999999999999998.", 2, 2}})),
            (std::vector{1, 0}));
  EXPECT_EQ(order_in(stack_of({{"l01.2.", 2, 2}, {"l1.10.", 2, 2}, {"l001.1.", 2, 2}, {"l0.", 2, 2}})),
            (std::vector{3, 2, 0, 1}));
  // Whatever follows the number.
  EXPECT_EQ(order_in(stack_of({{"block2.down.", 2, 2}, {"block1.up.", 2, 2}})), (std::vector{1, 0}));
}

TEST(LinearStack, any_prefix_will_do) {
  EXPECT_EQ(stack_of({{"encoder.dense.", 3, 2}}).widths, (Widths{3, 2}));
  EXPECT_EQ(stack_of({{"", 3, 2}}).widths, (Widths{3, 2}));  // a bare nn.Linear
}

TEST(LinearStack, numbered_names_that_chain_are_not_reordered) {
  EXPECT_EQ(order_in(stack_of({{"a1.", 5, 3}, {"a2.", 3, 5}})), (std::vector{0, 1}));  // "a2", "a1" would chain too
}

TEST(LinearStack, numbers_leave_the_shapes_to_place_the_other_names) {
  EXPECT_EQ(order_in(stack_of({{"head.", 64, 10}, {"backbone.2.", 64, 64}, {"backbone.0.", 64, 64}})),
            (std::vector{2, 1, 0}));
  EXPECT_EQ(order_in(stack_of({{"net.0.", 4, 4}, {"net.2.", 4, 4}, {"stem.", 9, 4}})), (std::vector{2, 0, 1}));
  // By their widths body.2 and body.3 could come before body.0 and body.1.
  EXPECT_EQ(order_in(stack_of({{"body.0.", 6, 3},
                               {"body.1.", 3, 6},
                               {"body.2.", 6, 2},
                               {"body.3.", 2, 6},
                               {"head.", 6, 5},
                               {"stem.", 8, 6}})),
            (std::vector{5, 0, 1, 2, 3, 4}));
  // The head could come first but for body.1, which would be left before body.0.
  EXPECT_EQ(order_in(stack_of({{"body.0.", 6, 3}, {"body.1.", 3, 6}, {"head.", 6, 3}})), (std::vector{0, 1, 2}));
}

TEST(LinearStack, names_without_numbers_give_no_order) {
  const auto uncertain = [](const std::string& one, const std::string& other) {
    return "neither the names nor the shapes of the layers tell which of " + one + " and " + other +
           " comes first; numbers in the names, as in fc1 and fc2, would";
  };
  EXPECT_EQ(stack_refusal(tensors_of({{"encoder.", 64, 64}, {"decoder.", 64, 64}, {"head.", 64, 10}})),
            uncertain("'decoder.weight' [64, 64]", "'encoder.weight' [64, 64]"));
  EXPECT_EQ(stack_refusal(tensors_of({{"a.", 5, 3}, {"b.", 3, 5}})),
            uncertain("'a.weight' [3, 5]", "'b.weight' [5, 3]"));
  EXPECT_EQ(stack_refusal(tensors_of({{"a.", 4, 2}, {"b.", 4, 4}, {"c.", 4, 4}})),
            uncertain("'b.weight' [4, 4]", "'c.weight' [4, 4]"));
  EXPECT_EQ(stack_refusal(tensors_of({{"in.", 3, 4}, {"net.1.k.", 4, 4}, {"net.1.q.", 4, 4}, {"net.2.", 4, 2}})),
            uncertain("'net.1.k.weight' [4, 4]", "'net.1.q.weight' [4, 4]"));
  for (const auto& [one, other] : {std::pair("fc.", "fc1."), {"a1.", "b2."}, {"l01.", "l1."}, {"0.", "a."}})
    EXPECT_NE(stack_refusal(tensors_of({{one, 2, 2}, {other, 2, 2}})), "") << one;
}

// Pairs that can take turns in any order, and numbers that contradict the shapes at the very end.
TEST(LinearStack, names_that_fit_too_many_orders_are_refused_soon) {
  std::vector<Linear> layers{{"z.1.", 1, 3}, {"z.0.", 3, 4}};
  for (int k = 0; k < 31; ++k)
    for (const int place : {0, 1})
      layers.push_back(
          {"p" + std::string(1, static_cast<char>('A' + k)) + "." + std::to_string(place) + ".", place + 1, 2 - place});
  EXPECT_EQ(stack_refusal(tensors_of(layers)), "neither the names nor the shapes of the layers tell their order");
}

TEST(LinearStack, the_shapes_order_names_that_do_not_chain) {
  EXPECT_EQ(order_in(stack_of({{"decoder.", 3, 2}, {"encoder.", 7, 3}})), (std::vector{1, 0}));
  EXPECT_EQ(stack_of({{"head.", 4, 2}, {"hidden.", 5, 4}, {"input.", 9, 5}}).widths, (Widths{9, 5, 4, 2}));
}

TEST(LinearStack, a_width_that_comes_twice_still_leaves_one_order) {
  // The square layer 4-4 can only stand between the other two.
  EXPECT_EQ(order_in(stack_of({{"a.", 4, 2}, {"b.", 4, 4}, {"c.", 3, 4}})), (std::vector{2, 1, 0}));
  // From 4, taking the way out first (4-2) would strand the loop 4-5-4.
  EXPECT_EQ(stack_of({{"a.", 4, 2}, {"b.", 5, 4}, {"c.", 4, 5}, {"d.", 3, 4}}).widths, (Widths{3, 4, 5, 4, 2}));
}

TEST(LinearStack, the_order_found_is_the_one_that_trying_all_orders_finds) {
  std::mt19937 random(1);
  int numbered = 0, unique = 0, several = 0, none = 0;
  for (int trial = 0; trial < 1500; ++trial) {
    // Layers that chain, shuffled; in every second trial one of them gets another width and may break the chain. All
    // have numbers that order them, or those of either of two names.
    const std::size_t count = 3 + random() % 4;
    const bool is_one_name = trial % 3 == 0;
    std::vector<Linear> layers(count);
    Index width = 1 + random() % 4;
    for (Linear& layer : layers) layer = {"", std::exchange(width, 1 + random() % 4), width};
    if (trial % 2 == 0) layers[random() % count].in = 1 + random() % 4;
    for (std::size_t k = count; k > 1; --k) std::swap(layers[k - 1], layers[random() % k]);
    for (std::size_t k = 0; k < count; ++k)
      layers[k].prefix = (is_one_name || random() % 2 == 0 ? "l" : "m") + std::to_string(k) + ".";

    std::vector<int> order(count), found, found_by_numbers;
    std::iota(order.begin(), order.end(), 0);
    int orders = 0, orders_by_numbers = 0;
    do {
      bool chains = true, keeps_numbers = true;
      for (std::size_t k = 1; k < count; ++k) {
        const Linear& layer = layers[static_cast<std::size_t>(order[k])];
        chains = chains && layers[static_cast<std::size_t>(order[k - 1])].out == layer.in;
        for (std::size_t before = 0; before < k; ++before)
          if (order[before] > order[k])
            keeps_numbers =
                keeps_numbers && layers[static_cast<std::size_t>(order[before])].prefix[0] != layer.prefix[0];
      }
      if (chains && orders++ == 0) found = order;
      if (chains && keeps_numbers && orders_by_numbers++ == 0) found_by_numbers = order;
    } while (std::next_permutation(order.begin(), order.end()));

    if (orders_by_numbers == 1) {
      EXPECT_EQ(order_in(stack_of(layers)), found_by_numbers);
      ++numbered;
    } else if (orders_by_numbers == 0 && orders == 1) {
      EXPECT_EQ(order_in(stack_of(layers)), found);
      ++unique;
    } else {
      const std::string sentence = stack_refusal(tensors_of(layers));
      const char* const end = orders == 0              ? "in no other order either"
                              : orders_by_numbers == 0 ? "several other orders would"
                                                       : "as in fc1 and fc2, would";
      EXPECT_TRUE(sentence.ends_with(end)) << sentence;
      ++(orders == 0 ? none : several);
    }
  }
  EXPECT_GT(numbered, 100);
  EXPECT_GT(unique, 100);
  EXPECT_GT(several, 100);
  EXPECT_GT(none, 100);
}

// ---- What is refused ----

TEST(LinearStack, shapes_that_do_not_chain_name_both_tensors) {
  EXPECT_EQ(stack_refusal(tensors_of({{"fc1.", 2, 64}, {"fc2.", 32, 3}})),
            "'fc2.weight' [3, 32] cannot follow 'fc1.weight' [64, 2], the shapes do not chain, and in no other order "
            "either");
  EXPECT_EQ(stack_refusal(tensors_of({{"fc1.", 2, 64}, {"fc2.", 64, 3}, {"fc10.", 64, 3}})),
            "'fc10.weight' [3, 64] cannot follow 'fc2.weight' [3, 64], the shapes do not chain, and in no other order "
            "either");
}

TEST(LinearStack, shapes_that_chain_in_several_orders_are_not_guessed) {
  EXPECT_EQ(stack_refusal(tensors_of({{"l1.", 4, 2}, {"l2.", 4, 4}, {"l3.", 4, 4}})),
            "'l2.weight' [4, 4] cannot follow 'l1.weight' [2, 4], the shapes do not chain, and several other orders "
            "would");
}

TEST(LinearStack, half_a_layer_is_refused_by_name) {
  std::vector<Tensor> tensors = tensors_of({{"fc1.", 2, 3}, {"fc2.", 3, 2}});
  EXPECT_EQ(stack_refusal({tensors[0], tensors[1], tensors[2]}), "tensor 'fc2.weight' [2, 3] has no 'fc2.bias'");
  EXPECT_EQ(stack_refusal({tensors[0], tensors[1], tensors[3]}), "tensor 'fc2.bias' [2] has no 'fc2.weight'");
  EXPECT_EQ(stack_refusal({{"weight", {1, 1}, {1}}}), "tensor 'weight' [1, 1] has no 'bias'");
}

TEST(LinearStack, tensors_of_other_layers_are_refused_by_name) {
  const std::vector<Tensor> linear = tensors_of({{"0.", 2, 2}});
  const auto with = [&](Tensor tensor) {
    std::vector<Tensor> tensors = linear;
    tensors.push_back(std::move(tensor));
    return stack_refusal(tensors);
  };
  const std::string neither = " is neither the .weight nor the .bias of a linear layer";

  EXPECT_EQ(with({"1.running_mean", {2}, {1, 2}}), "tensor '1.running_mean' [2]" + neither);
  EXPECT_EQ(with({"weights", {1}, {1}}), "tensor 'weights' [1]" + neither);
  EXPECT_EQ(with({"1.weight.", {1}, {1}}), "tensor '1.weight.' [1]" + neither);
  EXPECT_EQ(with({".weight", {1, 1}, {1}}), "tensor '.weight' [1, 1]" + neither);
  EXPECT_EQ(with({"", {1}, {1}}), "tensor '' [1]" + neither);
}

TEST(LinearStack, shapes_of_other_layers_are_refused_by_name) {
  EXPECT_EQ(stack_refusal({{"n.weight", {2}, {1, 2}}, {"n.bias", {2}, {1, 2}}}),
            "tensor 'n.weight' [2] is not the weight [out, in] of a linear layer");
  EXPECT_EQ(stack_refusal({{"c.weight", {1, 1, 1}, {1}}, {"c.bias", {1}, {1}}}),
            "tensor 'c.weight' [1, 1, 1] is not the weight [out, in] of a linear layer");
  EXPECT_EQ(stack_refusal({{"c.weight", {2, 0}, {}}, {"c.bias", {2}, {1, 2}}}),
            "tensor 'c.weight' [2, 0] is not the weight [out, in] of a linear layer");
  EXPECT_EQ(stack_refusal({{"c.weight", {0, 2}, {}}, {"c.bias", {0}, {}}}),
            "tensor 'c.weight' [0, 2] is not the weight [out, in] of a linear layer");
  EXPECT_EQ(stack_refusal({{"c.weight", {1, 2}, {1, 2}}, {"c.bias", {2}, {1, 2}}}),
            "tensor 'c.bias' [2] is not the bias of 'c.weight' [1, 2]");
  EXPECT_EQ(stack_refusal({{"c.weight", {1, 2}, {1, 2}}, {"c.bias", {1, 1}, {1}}}),
            "tensor 'c.bias' [1, 1] is not the bias of 'c.weight' [1, 2]");
}

TEST(LinearStack, values_that_are_not_finite_name_their_tensor) {
  for (const float value : {NAN, INFINITY, -INFINITY}) {
    std::vector<Tensor> tensors = tensors_of({{"fc1.", 2, 3}, {"fc2.", 3, 2}});
    tensors[3].values[1] = value;

    EXPECT_EQ(stack_refusal(tensors), "tensor 'fc2.bias' [2] holds a value that is not finite");
  }
}

TEST(LinearStack, a_file_without_tensors_is_refused) { EXPECT_EQ(stack_refusal({}), "the file holds no tensors"); }

TEST(LinearStack, writing_expects_as_many_parameters_as_the_widths_take) {
  const auto path = test_folder() / "m.safetensors";
  const auto write = [&](Widths widths, std::size_t parameters) {
    write_linear_stack(path, {std::move(widths), std::vector<float>(parameters)});
  };

  EXPECT_THROW(write({}, 0), std::invalid_argument);
  EXPECT_THROW(write({3}, 0), std::invalid_argument);
  EXPECT_THROW(write({3, 0}, 0), std::invalid_argument);
  EXPECT_THROW(write({3, 2}, 7), std::invalid_argument);
  EXPECT_THROW(write({3, 2}, 9), std::invalid_argument);
  EXPECT_FALSE(std::filesystem::exists(path));
  write({3, 2}, 8);
  EXPECT_TRUE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace plateau::linear_stack_test
