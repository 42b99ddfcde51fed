// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/report/checkpoint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <list>
#include <map>
#include <nlohmann/json.hpp>
#include <span>
#include <stdexcept>
#include <utility>

#include "plateau/core/error.hpp"

namespace plateau {
namespace {

using Json = nlohmann::ordered_json;
using Shape = std::vector<Index>;

// In the file's metadata: JSON of all that is no tensor.
constexpr const char* kDescription = "plateau.checkpoint";
constexpr const char* kSchema = "plateau-checkpoint";

constexpr const char* kFirstMoment = "plateau.first_moment.";
constexpr const char* kSecondMoment = "plateau.second_moment.";
constexpr const char* kBest = "plateau.best.";
constexpr const char* kBestLoss = "plateau.best_loss";
constexpr const char* kPredicted = "plateau.predicted";
constexpr const char* kTestCorrect = "plateau.test_correct";

template <class Record>
struct Figure {
  const char* tensor;
  double Record::*value;
};
constexpr Figure<EpochRecord> kHistory[] = {{"plateau.history.train_loss", &EpochRecord::train_loss},
                                            {"plateau.history.train_accuracy", &EpochRecord::train_accuracy},
                                            {"plateau.history.test_loss", &EpochRecord::test_loss},
                                            {"plateau.history.test_accuracy", &EpochRecord::test_accuracy},
                                            {"plateau.history.gradient_norm", &EpochRecord::gradient_norm},
                                            {"plateau.history.validation_loss", &EpochRecord::validation_loss},
                                            {"plateau.history.validation_accuracy", &EpochRecord::validation_accuracy},
                                            {"plateau.history.test_churn", &EpochRecord::test_churn}};
// Shares, of which the last two may be NaN: there is none.
constexpr double EpochRecord::*kShares[] = {&EpochRecord::train_accuracy, &EpochRecord::test_accuracy};
constexpr double EpochRecord::*kSharesOrNone[] = {&EpochRecord::validation_accuracy, &EpochRecord::test_churn};
constexpr Figure<LayerRecord> kLayers[] = {{"plateau.layers.gradient_norm", &LayerRecord::gradient_norm},
                                           {"plateau.layers.update_norm", &LayerRecord::update_norm},
                                           {"plateau.layers.weight_norm", &LayerRecord::weight_norm}};

struct NamedShape {
  std::string name;  // "fc1.weight"
  Shape shape;
};
std::vector<NamedShape> tensors_of(const Architecture& net) {
  std::vector<NamedShape> tensors;
  for (Index layer = 0; layer < net.layers(); ++layer) {
    tensors.push_back({fmt::format("fc{}.weight", layer + 1), {net.fan_out(layer), net.fan_in(layer)}});
    tensors.push_back({fmt::format("fc{}.bias", layer + 1), {net.fan_out(layer)}});
  }
  return tensors;
}

Index size_of(const Shape& shape) {
  Index size = 1;
  for (const Index n : shape) size *= n;
  return size;
}

// ---- Writing --------------------------------------------------------------------------------------------------------

void expects_whole(const Checkpoint& checkpoint) {
  const RunResult& so_far = checkpoint.so_far;
  expects(so_far.state.has_value() && so_far.state->epoch >= 1, "write_checkpoint: a state after an epoch");
  const RunState& state = *so_far.state;
  const auto parameters = static_cast<std::size_t>(checkpoint.architecture.parameters());
  expects(state.parameters.size() == parameters && state.first_moment.size() == parameters &&
              state.second_moment.size() == parameters &&
              state.best_parameters.size() == (state.best_epochs > 0 ? parameters : 0),
          "write_checkpoint: one value per parameter");
  expects(so_far.first_epoch == 0 && static_cast<Index>(so_far.history.size()) == state.epoch,
          "write_checkpoint: all epochs of the run");
  expects(
      so_far.test_correct.epochs() == 0 || (so_far.test_correct.epochs() == state.epoch &&
                                            so_far.test_correct.rows() == static_cast<Index>(state.predicted.size())),
      "write_checkpoint: test rows after every epoch");
  expects(so_far.layers.empty() ||
              static_cast<Index>(so_far.layers.size()) == state.epoch * checkpoint.architecture.layers(),
          "write_checkpoint: a record of every layer and epoch");
}

Json plan_json(const ExecutionPlan& plan) {
  Json layers = Json::array();
  for (const LayerPlan& layer : plan.layers)
    layers.push_back({{"activation", layer.activation == Fusion::epilogue},
                      {"input_grad", layer.input_grad == Fusion::epilogue},
                      {"weight_grad", layer.weight_grad == Fusion::epilogue}});
  Json fused = nullptr;
  if (plan.fused) fused = {plan.fused->threads, plan.fused->groups, plan.fused->tiles};
  return {{"fused", std::move(fused)}, {"epilogues", std::move(layers)}, {"autotuned", plan.autotuned}};
}

std::string description(const Checkpoint& checkpoint, const std::string& file) {
  const RunState& state = *checkpoint.so_far.state;
  try {
    return Json{{"schema", kSchema},
                {"schema_version", kCheckpointVersion},
                {"architecture", checkpoint.architecture.widths},
                {"epoch", state.epoch},
                {"step", state.step},
                {"best_epochs", state.best_epochs},
                {"plan", plan_json(state.plan)},
                {"options", checkpoint.options},
                {"train_checksum", checkpoint.train_checksum},
                {"test_checksum", checkpoint.test_checksum},
                {"device", checkpoint.device},
                {"computed_by", checkpoint.computed_by}}
        .dump();
  } catch (const Json::type_error&) {
    throw InputError(fmt::format("{}: an option of the command is not UTF-8", file));
  }
}

// The tensors of a file, and the columns of records that are gathered for it.
class TensorList {
 public:
  template <class T>
  void add(std::string name, Shape shape, const T& values) {
    tensors_.push_back({std::move(name), std::move(shape), std::span(values)});
  }
  void add_parameters(const char* prefix, const Architecture& net, const FlatParameters& values) {
    Index first = 0;
    for (const NamedShape& tensor : tensors_of(net)) {
      const Index size = size_of(tensor.shape);
      add(prefix + tensor.name, tensor.shape,
          std::span(values).subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(size)));
      first += size;
    }
  }
  template <class Record, std::size_t n>
  void add_records(const Figure<Record> (&figures)[n], const Shape& shape, const std::vector<Record>& records) {
    for (const Figure<Record>& figure : figures) {
      std::vector<double>& column = columns_.emplace_back();
      for (const Record& record : records) column.push_back(record.*figure.value);
      add(figure.tensor, shape, std::as_const(column));
    }
  }
  std::vector<TensorView> take() { return std::move(tensors_); }

 private:
  std::vector<TensorView> tensors_;
  std::list<std::vector<double>> columns_;
};

// ---- Reading --------------------------------------------------------------------------------------------------------

class CheckpointReader {
 public:
  explicit CheckpointReader(const std::filesystem::path& path) : file_(path.string()) {
    TypedTensorFile stored = read_typed_tensor_file(path);
    for (TypedTensor& tensor : stored.tensors) {
      std::string name = tensor.name;
      tensors_.emplace(std::move(name), std::move(tensor));
    }
    const auto at = stored.metadata.find(kDescription);
    if (at == stored.metadata.end()) refuse(fmt::format("no checkpoint, for it has no metadata {}", kDescription));
    // The JSON library takes a NUL for the end of its input and would ignore what follows.
    if (at->second.find('\0') == std::string::npos) description_ = Json::parse(at->second, nullptr, false);
    if (!description_.is_object() || description_.value("schema", Json()) != kSchema)
      refuse(fmt::format("the metadata {} describe no checkpoint", kDescription));
    const Index version = number(description_, "schema_version", 0, std::numeric_limits<Index>::max());
    if (version != kCheckpointVersion)
      refuse(fmt::format("a checkpoint of version {}, and this program reads version {}", version, kCheckpointVersion));
  }

  Checkpoint read() {
    Checkpoint read{.architecture = architecture(),
                    .options = strings("options"),
                    .train_checksum = checksum_at("train_checksum"),
                    .test_checksum = checksum_at("test_checksum"),
                    .device = string("device"),
                    .computed_by = string("computed_by")};
    RunState state = read_state(read.architecture);
    RunResult& so_far = read.so_far;
    so_far.outcome = RunOutcome::interrupted;
    so_far.plan = state.plan;
    so_far.parameters = state.parameters;
    so_far.best_parameters = state.best_parameters;
    if (state.best_epochs > 0) so_far.best_epoch = state.best_epochs - 1;
    so_far.history = records(kHistory, {state.epoch});
    expects_shares(so_far.history);
    const auto rows = static_cast<Index>(state.predicted.size());
    if (has(kTestCorrect)) {
      const Index words = correct_words(rows);
      so_far.test_correct = CorrectBits(take<std::uint32_t>(kTestCorrect, {state.epoch, words}), state.epoch, rows);
    }
    if (has(kLayers[0].tensor)) so_far.layers = records(kLayers, {state.epoch, read.architecture.layers()});
    so_far.state = std::move(state);
    if (!tensors_.empty()) refuse(fmt::format("{} of its tensors are not those of a checkpoint", tensors_.size()));
    return read;
  }

 private:
  [[noreturn]] void refuse(const std::string& what) const { throw InputError(file_ + ": " + what); }

  // ---- The description ----
  const Json& item(const Json& object, const char* key) const {
    const auto at = object.find(key);
    if (!object.is_object() || at == object.end()) refuse(fmt::format("the metadata {} have no {}", kDescription, key));
    return *at;
  }
  [[noreturn]] void refuse_item(const char* key) const {
    refuse(fmt::format("the metadata {} have a {} that no run has", kDescription, key));
  }

  Index number(const Json& object, const char* key, Index least, Index most) const {
    const Json& value = item(object, key);
    if (!value.is_number_unsigned() || std::cmp_less(value.get<std::uint64_t>(), least) ||
        std::cmp_greater(value.get<std::uint64_t>(), most))
      refuse_item(key);
    return value.get<Index>();
  }
  const Json& list(const Json& object, const char* key) const {
    const Json& value = item(object, key);
    if (!value.is_array()) refuse_item(key);
    return value;
  }
  std::uint32_t checksum_at(const char* key) const {
    return static_cast<std::uint32_t>(number(description_, key, 0, std::numeric_limits<std::uint32_t>::max()));
  }
  bool flag(const Json& object, const char* key) const {
    const Json& value = item(object, key);
    if (!value.is_boolean()) refuse_item(key);
    return value.get<bool>();
  }
  std::string string(const char* key) const {
    const Json& value = item(description_, key);
    if (!value.is_string()) refuse_item(key);
    return value.get<std::string>();
  }
  std::vector<std::string> strings(const char* key) const {
    const Json& all = list(description_, key);
    if (!std::all_of(all.begin(), all.end(), [](const Json& s) { return s.is_string(); })) refuse_item(key);
    return all.get<std::vector<std::string>>();
  }
  std::vector<Index> numbers(const Json& object, const char* key) const {
    const Json& all = list(object, key);
    const auto is_small = [](const Json& n) {
      return n.is_number_unsigned() && std::in_range<std::int32_t>(n.get<std::uint64_t>());
    };
    if (!std::all_of(all.begin(), all.end(), is_small)) refuse_item(key);
    return all.get<std::vector<Index>>();
  }

  Architecture architecture() const {
    Architecture net{numbers(description_, "architecture")};
    try {
      expects_architecture(net);
    } catch (const std::invalid_argument&) {
      refuse_item("architecture");
    }
    return net;
  }
  ExecutionPlan plan(const Architecture& net) const {
    const Json& json = item(description_, "plan");
    ExecutionPlan plan{.autotuned = flag(json, "autotuned")};
    if (!item(json, "fused").is_null()) {
      const std::vector<Index> of_kernel = numbers(json, "fused");
      if (of_kernel.size() != 3) refuse_item("plan");
      plan.fused =
          FusedVariant{static_cast<int>(of_kernel[0]), static_cast<int>(of_kernel[1]), static_cast<int>(of_kernel[2])};
      if (std::ranges::count(kFusedVariants, *plan.fused) == 0) refuse_item("plan");
    }
    const auto fusion = [&](const Json& layer, const char* key) {
      return flag(layer, key) ? Fusion::epilogue : Fusion::kernel;
    };
    for (const Json& layer : list(json, "epilogues"))
      plan.layers.push_back({.activation = fusion(layer, "activation"),
                             .input_grad = fusion(layer, "input_grad"),
                             .weight_grad = fusion(layer, "weight_grad")});
    try {
      expects_plan(plan, net);
    } catch (const std::invalid_argument&) {
      refuse_item("plan");
    }
    return plan;
  }

  // ---- The tensors ----
  bool has(const char* name) const { return tensors_.contains(name); }

  const TypedTensor& find(const std::string& name) const {
    const auto at = tensors_.find(name);
    if (at == tensors_.end()) refuse(fmt::format("tensor '{}' is missing", name));
    return at->second;
  }

  template <class T>
  std::vector<T> take(const std::string& name, const Shape& shape) {
    const TypedTensor& tensor = find(name);
    if (tensor.shape != shape)
      refuse(fmt::format("tensor '{}' has shape [{}], and [{}] fits the run", name, fmt::join(tensor.shape, ", "),
                         fmt::join(shape, ", ")));
    if (!std::holds_alternative<std::vector<T>>(tensor.values))
      refuse(fmt::format("tensor '{}' has another dtype than a checkpoint's", name));
    auto node = tensors_.extract(name);
    return std::get<std::vector<T>>(std::move(node.mapped().values));
  }

  FlatParameters parameters(const char* prefix, const Architecture& net) {
    FlatParameters all;
    for (const NamedShape& tensor : tensors_of(net)) {
      const std::vector<float> values = take<float>(prefix + tensor.name, tensor.shape);
      all.insert(all.end(), values.begin(), values.end());
    }
    return all;
  }

  template <class Record, std::size_t n>
  std::vector<Record> records(const Figure<Record> (&figures)[n], const Shape& shape) {
    std::vector<Record> records;
    for (const Figure<Record>& figure : figures) {
      const std::vector<double> column = take<double>(figure.tensor, shape);
      records.resize(column.size());
      for (std::size_t i = 0; i < column.size(); ++i) records[i].*figure.value = column[i];
    }
    return records;
  }

  RunState read_state(const Architecture& net) {
    RunState state{.epoch = number(description_, "epoch", 1, kMaxEpochs), .plan = plan(net)};
    state.step = number(description_, "step", state.epoch, std::numeric_limits<Index>::max());
    state.best_epochs = number(description_, "best_epochs", 0, state.epoch);
    state.best_loss = take<double>(kBestLoss, {}).front();
    state.parameters = parameters("", net);
    state.first_moment = parameters(kFirstMoment, net);
    state.second_moment = parameters(kSecondMoment, net);
    if (state.best_epochs > 0) state.best_parameters = parameters(kBest, net);
    const Shape& rows = find(kPredicted).shape;
    if (rows.size() != 1 || rows.front() < 1) refuse(fmt::format("tensor '{}' is no list of classes", kPredicted));
    state.predicted = take<std::int32_t>(kPredicted, {rows.front()});
    for (const std::int32_t predicted : state.predicted)
      if (predicted < -1 || predicted >= net.classes())
        refuse(fmt::format("tensor '{}' holds class {}, and the network {} has classes 0 to {}", kPredicted, predicted,
                           to_string(net), net.classes() - 1));
    return state;
  }

  void expects_shares(const std::vector<EpochRecord>& history) const {
    const auto is_share = [](double value) { return 0 <= value && value <= 1; };
    for (std::size_t epoch = 0; epoch < history.size(); ++epoch) {
      const EpochRecord& record = history[epoch];
      if (!std::ranges::all_of(kShares, [&](auto share) { return is_share(record.*share); }) ||
          !std::ranges::all_of(kSharesOrNone,
                               [&](auto share) { return std::isnan(record.*share) || is_share(record.*share); }))
        refuse(fmt::format("the history of epoch {} holds an accuracy outside 0 to 1", epoch));
    }
  }

  std::string file_;
  std::map<std::string, TypedTensor> tensors_;  // that have not been taken yet
  Json description_;
};

}  // namespace

std::string computed_by(const Environment& environment) {
  const Build& build = environment.build;
  std::string text =
      fmt::format("plateau {} ({}{}), {}, {}, {} on {}", environment.version,
                  build.commit.empty() ? "commit not known" : build.commit, build.dirty ? ", with changes" : "",
                  environment.compiler, environment.matrix_library, environment.precision, environment.device);
  if (environment.gpu)
    text +=
        fmt::format(": {}, compute {}, {} multiprocessors, CUDA {}", environment.device_name,
                    environment.gpu->compute_capability, environment.gpu->multiprocessors, environment.gpu->toolkit);
  return text;
}

void write_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint, ModelFile model) {
  expects_whole(checkpoint);
  const Architecture& net = checkpoint.architecture;
  const RunResult& so_far = checkpoint.so_far;
  const RunState& state = *so_far.state;
  model.stack = {net.widths, state.parameters};
  TensorList tensors;
  tensors.add_parameters(kFirstMoment, net, state.first_moment);
  tensors.add_parameters(kSecondMoment, net, state.second_moment);
  if (state.best_epochs > 0) tensors.add_parameters(kBest, net, state.best_parameters);
  tensors.add(kBestLoss, {}, std::span(&state.best_loss, 1));
  tensors.add(kPredicted, {static_cast<Index>(state.predicted.size())}, state.predicted);
  tensors.add_records(kHistory, {state.epoch}, so_far.history);
  if (so_far.test_correct.epochs() > 0)
    tensors.add(kTestCorrect, {state.epoch, correct_words(so_far.test_correct.rows())}, so_far.test_correct.words());
  if (!so_far.layers.empty()) tensors.add_records(kLayers, {state.epoch, net.layers()}, so_far.layers);
  write_model_file(path, model,
                   {.tensors = tensors.take(), .metadata = {{kDescription, description(checkpoint, path.string())}}});
}

Checkpoint read_checkpoint(const std::filesystem::path& path) { return CheckpointReader(path).read(); }

}  // namespace plateau
