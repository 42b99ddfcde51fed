// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Plateau as one contender of bench/peers: answers requests, one JSON document per line, until its standard input ends.
// The protocol is that of bench/peers/worker.py; the clock covers Trainer::train_fleet alone, copies, graph capture and
// the figures that the other contenders do not compute included.
#include <chrono>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "plateau/core/error.hpp"
#include "plateau/core/random.hpp"
#include "plateau/data/dataset.hpp"
#include "plateau/data/npy.hpp"
#include "plateau/data/safetensors.hpp"
#include "plateau/gpu/device.hpp"
#include "plateau/model/gpu_trainer.hpp"
#include "plateau/ops/dense.hpp"
#include "plateau/ops/initialise.hpp"
#include "plateau/report/build.hpp"

namespace plateau {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

struct Arguments {
  std::string device = "cpu";
  Precision precision = Precision::fp32;
  Engine engine = Engine::layered;
  int threads = 1;
};

[[noreturn]] void refuse(const std::string& option, const std::string& value) {
  throw InputError(option + " " + value + ": no such option, or not a value of it");
}

Arguments parse(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; i += 2) {
    const std::string option = argv[i];
    if (i + 1 == argc) throw InputError(option + ": its value is missing");
    const std::string value = argv[i + 1];
    if (option == "--device" && (value == "cpu" || value == "cuda"))
      arguments.device = value;
    else if (option == "--precision" && (value == "fp32" || value == "tf32"))
      arguments.precision = value == "tf32" ? Precision::tf32 : Precision::fp32;
    else if (option == "--engine" && (value == "layered" || value == "fused"))
      arguments.engine = value == "fused" ? Engine::fused : Engine::layered;
    else if (option == "--threads" && std::atoi(value.c_str()) >= 1)
      arguments.threads = std::atoi(value.c_str());
    else
      refuse(option, value);
  }
  return arguments;
}

std::string cuda_version(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

// Networks of equal shape on the same rows; one network is a fleet of one.
struct Case {
  Dataset train, test;
  std::vector<plateau::Run> runs;

  TrainingData data() const { return {train.x(), train.label(), test.x(), test.label()}; }
  std::vector<plateau::Run> runs_of(Index epochs) const {
    std::vector<plateau::Run> all = runs;
    for (plateau::Run& run : all) run.epochs = epochs;
    return all;
  }
};

Dataset read_rows(const fs::path& folder, const std::string& part) {
  return read_npy_pair((folder / (part + "_x.npy")).string() + ":" + (folder / (part + "_y.npy")).string());
}

// fcK.weight [out, in] and fcK.bias [out], or, of a fleet, [models, out, in] and [models, out].
std::vector<FlatParameters> read_initial(const fs::path& file, Index models) {
  const std::vector<Tensor> tensors = read_safetensors(file);
  std::vector<FlatParameters> initial(static_cast<std::size_t>(models));
  for (Index layer = 1; layer <= static_cast<Index>(tensors.size()) / 2; ++layer)
    for (const char* kind : {".weight", ".bias"}) {
      const std::string name = "fc" + std::to_string(layer) + kind;
      const auto tensor =
          std::find_if(tensors.begin(), tensors.end(), [&](const Tensor& candidate) { return candidate.name == name; });
      if (tensor == tensors.end()) throw InputError(file.string() + ": there is no tensor " + name);
      const Index size = static_cast<Index>(tensor->values.size()) / models;
      for (Index model = 0; model < models; ++model) {
        const auto first = tensor->values.begin() + model * size;
        initial[static_cast<std::size_t>(model)].insert(initial[static_cast<std::size_t>(model)].end(), first,
                                                        first + size);
      }
    }
  return initial;
}

Case load(const Json& request) {
  const fs::path folder = request.at("folder").get<std::string>();
  Case loaded{.train = read_rows(folder, "train"), .test = read_rows(folder, "test")};
  for (FlatParameters& initial : read_initial(folder / "init.safetensors", request.at("models")))
    loaded.runs.push_back({.architecture = {request.at("widths").get<std::vector<Index>>()},
                           .optimizer = AdamParameters{.learning_rate = request.at("lr")},
                           .batch = request.at("batch"),
                           .order = RowOrder::as_stored,
                           .initial = std::move(initial)});
  return loaded;
}

// Rows and initial weights for everybody: features U[0, 1), labels drawn from the classes alike, PyTorch's initial
// weights; model m is that of seed + m.
void make(const Json& request) {
  const fs::path folder = request.at("folder").get<std::string>();
  const Architecture architecture{request.at("widths").get<std::vector<Index>>()};
  const std::uint64_t seed = request.at("seed");
  const Index models = request.at("models"), features = architecture.features(), train_rows = request.at("rows");
  const auto write_rows = [&](const std::string& part, Index first, Index rows) {
    HostBuffer<float> x(rows * features);
    HostBuffer<std::int32_t> label(rows);
    for (Index i = 0; i < rows * features; ++i)
      x.view().data[i] =
          uniform(draw({seed, StreamId::features}, static_cast<std::uint64_t>(first * features + i)).word[0]);
    for (Index i = 0; i < rows; ++i) {
      const std::uint64_t word = draw({seed, StreamId::labels}, static_cast<std::uint64_t>(first + i)).word[0];
      label.view().data[i] = static_cast<std::int32_t>(word * static_cast<std::uint64_t>(architecture.classes()) >> 32);
    }
    write_npy_features(folder / (part + "_x.npy"), as_matrix(std::as_const(x).view(), rows, features));
    write_npy_labels(folder / (part + "_y.npy"), std::as_const(label).view());
  };
  write_rows("train", 0, train_rows);
  write_rows("test", train_rows, request.at("test_rows"));

  std::vector<Tensor> tensors;
  Index first = 0;  // of the tensor in a model's parameters
  for (Index layer = 0; layer < architecture.layers(); ++layer)
    for (const bool weight : {true, false}) {
      const Index out = architecture.fan_out(layer), in = architecture.fan_in(layer), size = weight ? out * in : out;
      Tensor tensor{.name = "fc" + std::to_string(layer + 1) + (weight ? ".weight" : ".bias"),
                    .shape = weight ? std::vector<Index>{out, in} : std::vector<Index>{out},
                    .values = std::vector<float>(static_cast<std::size_t>(models * size))};
      if (models > 1) tensor.shape.insert(tensor.shape.begin(), models);
      for (Index model = 0; model < models; ++model)
        cpu::initialise<float>(seed + static_cast<std::uint64_t>(model), first, in,
                               HostSpan<float>{tensor.values.data() + model * size, size});
      tensors.push_back(std::move(tensor));
      first += size;
    }
  write_safetensors(folder / "init.safetensors", tensors);
}

// Of the first model and the last, which is the first where there is one.
Json trajectories(const std::vector<RunResult>& results) {
  Json all = Json::array();
  for (const RunResult* result : {&results.front(), &results.back()}) {
    Json losses = Json::array(), accuracies = Json::array();
    for (const EpochRecord& epoch : result->history) {
      losses.push_back(epoch.train_loss);
      accuracies.push_back(epoch.test_accuracy);
    }
    all.push_back({{"losses", losses}, {"accuracies", accuracies}});
  }
  return all;
}

std::vector<RunResult> train(Trainer& trainer, const Case& loaded, Index epochs) {
  std::vector<RunResult> results = trainer.train_fleet(loaded.data(), loaded.runs_of(epochs));
  for (const RunResult& result : results)
    if (result.outcome != RunOutcome::finished)
      throw std::runtime_error("the training ended after " + std::to_string(result.history.size()) + " of " +
                               std::to_string(epochs) + " epochs");
  return results;
}

// What the losses must be near to, and how near: the first and the last model in double, and again in float.
Json oracle(const Case& loaded, Index epochs, int threads) {
  const std::vector<plateau::Run> runs = loaded.runs_of(epochs);
  std::vector<RunResult> in_double, in_float;
  for (const plateau::Run* run : {&runs.front(), &runs.back()}) {
    in_double.push_back(train_on_cpu<double>(*run, loaded.data(), {.workers = threads}));
    in_float.push_back(train_on_cpu<float>(*run, loaded.data(), {.workers = threads}));
    if (runs.size() == 1) break;
  }
  return {{"float64", trajectories(in_double)}, {"float32", trajectories(in_float)}};
}

class Worker {
 public:
  Worker(const Arguments& arguments, const gpu::Inventory& found)
      : arguments_(arguments), emulated_(arguments.device == "cuda" && found.emulated) {
    if (arguments.device == "cuda")
      trainer_ = make_gpu_trainer({.precision = arguments.precision, .engine = arguments.engine});
    else
      trainer_ = std::make_unique<CpuTrainer>(CpuOptions{.workers = arguments.threads});
  }

  Json answer(const Json& request) {
    const std::string& what = request.at("do").get_ref<const std::string&>();
    if (what == "make") {
      make(request);
      return {{"made", true}};
    }
    if (what == "load") {
      loaded_ = load(request);
      return {{"loaded", true}};
    }
    if (!loaded_) throw InputError("no case is loaded");
    if (what == "oracle") return oracle(*loaded_, request.at("epochs"), arguments_.threads);
    if (what != "train") throw InputError("there is no request '" + what + "'");
    if (emulated_ && request.at("timed")) throw InputError("an emulated GPU is never timed");
    if (const Index warm_epochs = request.at("warm_epochs"); warm_epochs > 0) train(*trainer_, *loaded_, warm_epochs);
    const auto start = std::chrono::steady_clock::now();
    const std::vector<RunResult> results = train(*trainer_, *loaded_, request.at("epochs"));
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    return {{"seconds", seconds.count()}, {"trajectories", trajectories(results)}};
  }

 private:
  Arguments arguments_;
  bool emulated_;
  std::unique_ptr<Trainer> trainer_;
  std::optional<Case> loaded_;
};

// Why this program cannot take part as asked; empty where it can.
std::string obstacle(const Arguments& arguments, const gpu::Inventory& found) {
  if (arguments.device == "cpu" && arguments.precision == Precision::tf32) return "a CPU has no TF32";
  if (arguments.engine == Engine::fused && arguments.precision == Precision::tf32)
    return "the fused engine has no TF32";
  if (arguments.device == "cuda" && found.devices.empty()) return found.problem;
  return {};
}

Json environment(const Arguments& arguments, const gpu::Inventory& found) {
  const Build build = this_build();
  Json described{{"version", PLATEAU_VERSION},
                 {"build_commit", build.commit},
                 {"build_dirty", build.dirty ? "true" : "false"},
                 {"device", arguments.device},
                 {"precision", {{"products", to_string(arguments.precision)}}}};
  if (arguments.device == "cpu") {
    described.update({{"matrix_library", cpu::matrix_library()}});
  } else {
    described["device"] = found.emulated ? "emulated" : "cuda";
    described["engine"] = arguments.engine == Engine::fused ? "fused" : "layered";
    described.update({{"device_name", found.devices.front().name},
                      {"matrix_library", gpu_matrix_library()},
                      {"toolkit", cuda_version(found.toolkit_version)},
                      {"driver", cuda_version(found.driver_version)}});
  }
  return described;
}

int run(int argc, char** argv) {
  const Arguments arguments = parse(argc, argv);
  const gpu::Inventory found = arguments.device == "cpu" ? gpu::Inventory{} : gpu::inventory();
  const auto say = [](const Json& answer) { std::cout << answer.dump() << std::endl; };
  if (const std::string reason = obstacle(arguments, found); !reason.empty()) {
    say({{"not_run", reason}});
    return 0;
  }
  Worker worker(arguments, found);
  say({{"environment", environment(arguments, found)}});
  for (std::string line; std::getline(std::cin, line);) {
    try {
      say(worker.answer(Json::parse(line)));
    } catch (const std::exception& error) {
      say({{"error", error.what()}});
    }
  }
  return 0;
}

}  // namespace
}  // namespace plateau

int main(int argc, char** argv) {
  try {
    return plateau::run(argc, argv);
  } catch (const plateau::InputError& error) {
    std::cerr << "plateau_peer_worker: " << error.what() << '\n';
    return 2;
  } catch (const std::exception& error) {
    std::cerr << "plateau_peer_worker: " << error.what() << '\n';
    return 1;
  }
}
