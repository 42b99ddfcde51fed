// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/report/event_file.hpp"

#include <sys/wait.h>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <stdexcept>

#include "data/files.hpp"

namespace plateau::test::event_file_test {
namespace {

using namespace testing_files;

constexpr double kTime = 1700000000.5;
const std::string kName = "events.out.tfevents.1700000000.plateau";
const std::string kReplaced = "\xEF\xBF\xBD";  // U+FFFD

std::string from_hex(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return bytes;
}

// Records as TensorBoard 2.21's RecordWriter and its messages, serialised deterministically by protobuf 7.36, make
// them.
const std::string kVersionRecord =
    from_hex("1800000000000000a37f4b220900002040fc54d9411a0d627261696e2e4576656e743a322b353110");
const std::string kScalarRecord = from_hex(
    "2400000000000000422b804d0900005040fc54d94110ac022a160a140a0d746573742f6163637572616379150000403fe22af305");
const std::string kTextRecord = from_hex(
    "31000000000000009d8383e90900008040fc54d9412a260a240a0776657264696374420f0807120042092a2a6e6f6973652a2a4a080a060a"
    "0474657874cb09d951");
const std::string kStartRecord = from_hex(
    "82000000000000007b3fc35f0900002040fc54d9412a770a750a1c5f68706172616d735f2f73657373696f6e5f73746172745f696e666f42"
    "060801120212004a4d0a4b0a0768706172616d7312401a3e0a130a0668696464656e12091a073132382c3132380a0f0a026c721209117b14"
    "ae47e17a843f0a0d0a0773687566666c65120220002900002040fc54d9414beaf88a");
const std::string kEndRecord = from_hex(
    "4d000000000000003d63d4a60900008040fc54d9412a420a400a1a5f68706172616d735f2f73657373696f6e5f656e645f696e666f420608"
    "01120212004a1a0a180a0768706172616d73120d220b08011100008040fc54d94198f41163");

// The same events by our writer.
std::filesystem::path written_example(const std::filesystem::path& folder) {
  EventWriter writer(folder, kTime);
  writer.write_session_start(
      {.wall_time = kTime, .hyper_parameters = {{"lr", 0.01}, {"hidden", std::string("128,128")}, {"shuffle", false}}});
  writer.write_scalar({.tag = "test/accuracy", .step = 300, .wall_time = kTime + 0.75, .value = 0.75});
  writer.write_text({.tag = "verdict", .step = 0, .wall_time = kTime + 1.5, .markdown = "**noise**"});
  writer.write_session_end({.wall_time = kTime + 1.5, .status = SessionStatus::success});
  writer.commit();
  return writer.path();
}

std::string refusal_of(const std::string& bytes) {
  const std::filesystem::path path = put("file", bytes);
  const std::string sentence = refusal([&] { read_event_file(path); });
  const std::string begin = path.string() + ": ";
  EXPECT_TRUE(sentence.empty() || sentence.starts_with(begin)) << sentence;
  return sentence.empty() ? "" : sentence.substr(begin.size());
}

// What is read of a file that holds `data` as its second record.
EventFile read_message(const std::string& data) {
  return read_event_file(put("file", kVersionRecord + tf_record(data)));
}
std::string refusal_of_message(const std::string& data) { return refusal_of(kVersionRecord + tf_record(data)); }

// ---- Records
// ---------------------------------------------------------------------------------------------------------

TEST(EventFile, crc32c_gives_the_published_checksums) {
  std::string ascending(32, '\0'), descending(32, '\0');
  for (int i = 0; i < 32; ++i) {
    ascending[static_cast<std::size_t>(i)] = static_cast<char>(i);
    descending[static_cast<std::size_t>(i)] = static_cast<char>(31 - i);
  }
  const std::string read_command = from_hex(  // an iSCSI SCSI Read (10) command
      "01c0000000000000000000000000000014000000000004000000001400000018280000000000000002000000"
      "00000000");

  // RFC 3720 appendix B.4, the checksums there written low byte first.
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62a8ab43u);
  EXPECT_EQ(crc32c(ascending), 0x46dd794eu);
  EXPECT_EQ(crc32c(descending), 0x113fdb5cu);
  EXPECT_EQ(crc32c(read_command), 0xd9963a56u);
  EXPECT_EQ(crc32c("123456789"), 0xe3069283u);  // the check value of the catalogues
  EXPECT_EQ(crc32c(""), 0u);
}

TEST(EventFile, an_empty_record_is_the_one_worked_out_by_hand) {
  // Of no data the checksum is 0 and its mask 0xa282ead8. Of the length's eight zeros it is 0x8c28b28a, of which
  // (crc >> 15 | crc << 17) is 0x65151851, and with the mask 0x07980329.
  EXPECT_EQ(crc32c(std::string(8, '\0')), 0x8c28b28au);
  EXPECT_EQ(tf_record(""), from_hex("0000000000000000"
                                    "29039807"
                                    "d8ea82a2"));
}

TEST(EventFile, the_same_events_are_the_bytes_that_tensorboard_writes) {
  const std::filesystem::path path = written_example(test_folder());

  EXPECT_EQ(path, test_folder() / kName);
  EXPECT_EQ(get(path), kVersionRecord + kStartRecord + kScalarRecord + kTextRecord + kEndRecord);
}

TEST(EventFile, every_changed_byte_is_found) {
  const std::string whole = get(written_example(test_folder()));
  for (std::size_t at = 0; at < whole.size(); ++at)
    for (const int change : {0x01, 0x80, 0xff}) {
      std::string damaged = whole;
      damaged[at] = static_cast<char>(damaged[at] ^ change);
      ASSERT_NE(refusal_of(damaged), "") << "byte " << at << " changed by " << change;
    }
}

TEST(EventFile, a_file_that_was_cut_within_a_record_is_torn_and_one_between_records_is_shorter) {
  const std::vector<std::string> records{kVersionRecord, kScalarRecord, kTextRecord};
  std::string whole;
  for (std::size_t r = 0; r < records.size(); ++r) {
    const std::string begin = "the record at byte " + std::to_string(whole.size()) + " is torn: ";
    for (std::size_t cut = 1; cut < records[r].size(); ++cut)
      ASSERT_TRUE(refusal_of(whole + records[r].substr(0, cut)).starts_with(begin)) << cut;
    whole += records[r];
    const EventFile read = read_event_file(put("file", whole));
    ASSERT_EQ(read.scalars.size(), r >= 1 ? 1u : 0u);
    ASSERT_EQ(read.texts.size(), r >= 2 ? 1u : 0u);
  }
}

TEST(EventFile, what_is_wrong_with_a_record_is_said_with_its_byte) {
  const auto changed = [](std::string bytes, std::size_t at) {
    bytes[at] = static_cast<char>(bytes[at] ^ 1);
    return bytes;
  };
  EXPECT_EQ(refusal_of(""), "is empty, and an event file names its version first");
  EXPECT_EQ(refusal_of(kVersionRecord + "12345"), "the record at byte 40 is torn: the file ends after 5 of its bytes");
  EXPECT_EQ(refusal_of(kVersionRecord + kTextRecord.substr(0, 20)),
            "the record at byte 40 is torn: it should hold 49 bytes of data and a checksum, and the file ends 8 bytes "
            "after its length");
  EXPECT_EQ(refusal_of(kVersionRecord + changed(kTextRecord, 7)),
            "the record at byte 40 is damaged: the checksum of its length is wrong");
  EXPECT_EQ(refusal_of(kVersionRecord + kTextRecord + changed(kScalarRecord, 30)),
            "the record at byte 105 is damaged: the checksum of its data is wrong");
  EXPECT_EQ(refusal_of(kScalarRecord), "the record at byte 0 names no version of event files");
  EXPECT_EQ(refusal_of(tf_record("not a message")), "the record at byte 0 is no event: a field is of no known type");
  const std::filesystem::path nowhere = test_folder() / "nowhere";
  EXPECT_TRUE(refusal([&] { read_event_file(nowhere); }).starts_with(nowhere.string() + ": "));
}

TEST(EventFile, no_length_makes_the_reader_take_more_than_there_is) {
  // Their own checksums are right: that of the length is the one of a record whose data are the same bytes.
  for (const std::uint64_t length :
       {std::uint64_t{5}, std::uint64_t{1} << 40, std::uint64_t{1} << 63, std::numeric_limits<std::uint64_t>::max() - 3,
        std::numeric_limits<std::uint64_t>::max()}) {
    const std::string bytes = bytes_of({length}), checksum = tf_record(bytes).substr(20, 4);
    EXPECT_EQ(refusal_of(kVersionRecord + bytes + checksum + "datacrc."),
              "the record at byte 40 is torn: it should hold " + std::to_string(length) +
                  " bytes of data and a checksum, and the file ends 8 bytes after its length");
  }
}

// ---- Messages
// --------------------------------------------------------------------------------------------------------

TEST(EventFile, everything_comes_back_as_it_was_written) {
  const double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<double> values{0.0, -0.0, 1 / 3.0, -2.5, 1e39, inf, -inf, nan, 0x1p-149, 0x1p-151};
  const std::string markdown = "# Verdict\n| a | b |\n<script>alert('1')</script>\t" + std::string("\0", 1) + "\u00e9";
  {
    EventWriter writer(test_folder(), 0);
    writer.write_session_start({.wall_time = -1.25,
                                .hyper_parameters = {{"", std::string()},
                                                     {"on", true},
                                                     {"off", false},
                                                     {"zero", 0.0},
                                                     {"rate", 0.1},
                                                     {"\u03b7 \"<&>\n", std::string("a=1,b")}}});
    for (std::size_t i = 0; i < values.size(); ++i)
      writer.write_scalar(
          {.tag = "loss", .step = static_cast<std::int64_t>(i) - 2, .wall_time = 1e9 + 0.1, .value = values[i]});
    writer.write_scalar({.tag = "far", .step = std::numeric_limits<std::int64_t>::min(), .wall_time = 0, .value = 1});
    writer.write_scalar({.tag = "far", .step = std::numeric_limits<std::int64_t>::max(), .wall_time = -5, .value = 2});
    writer.write_text({.tag = "verdict", .step = 7, .wall_time = 3.5, .markdown = markdown});
    writer.write_text({.tag = "empty", .step = 0, .wall_time = 0, .markdown = ""});
    writer.write_session_end({.wall_time = 12.5, .status = SessionStatus::failure});
    writer.commit();
    EXPECT_EQ(writer.path(), test_folder() / "events.out.tfevents.0000000000.plateau");
  }

  const EventFile read = read_event_file(test_folder() / "events.out.tfevents.0000000000.plateau");

  EXPECT_EQ(read.wall_time, 0);
  ASSERT_EQ(read.scalars.size(), values.size() + 2);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double as_float = double{static_cast<float>(values[i])};
    EXPECT_EQ(read.scalars[i].tag, "loss");
    EXPECT_EQ(read.scalars[i].step, static_cast<std::int64_t>(i) - 2);
    EXPECT_EQ(read.scalars[i].wall_time, 1e9 + 0.1);
    EXPECT_TRUE(std::isnan(as_float) ? std::isnan(read.scalars[i].value) : read.scalars[i].value == as_float) << i;
    EXPECT_EQ(std::signbit(read.scalars[i].value), std::signbit(values[i])) << i;
  }
  EXPECT_EQ(read.scalars[4].value, inf);  // 1e39 is beyond float32
  EXPECT_EQ(read.scalars[values.size()].step, std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(read.scalars[values.size() + 1].step, std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(read.scalars[values.size() + 1].wall_time, -5);
  ASSERT_EQ(read.texts.size(), 2u);
  EXPECT_EQ(read.texts[0].tag, "verdict");
  EXPECT_EQ(read.texts[0].step, 7);
  EXPECT_EQ(read.texts[0].wall_time, 3.5);
  EXPECT_EQ(read.texts[0].markdown, markdown);
  EXPECT_EQ(read.texts[1].markdown, "");
  ASSERT_TRUE(read.session_start && read.session_end);
  EXPECT_EQ(read.session_start->wall_time, -1.25);
  const std::map<std::string, HyperParameter> parameters{{"", std::string()}, {"on", true},
                                                         {"off", false},      {"zero", 0.0},
                                                         {"rate", 0.1},       {"\u03b7 \"<&>\n", std::string("a=1,b")}};
  EXPECT_EQ(read.session_start->hyper_parameters, parameters);
  EXPECT_EQ(read.session_end->wall_time, 12.5);
  EXPECT_EQ(read.session_end->status, SessionStatus::failure);
  EXPECT_EQ(read.others, 0);
}

TEST(EventFile, texts_that_are_not_utf8_are_written_as_such) {
  EventWriter writer(test_folder(), kTime);
  writer.write_scalar({.tag = "caf\xe9", .step = 0, .wall_time = kTime, .value = 1});
  writer.write_text({.tag = "\xff", .step = 0, .wall_time = kTime, .markdown = "\xed\xa0\x80!"});
  writer.write_session_start({.wall_time = kTime, .hyper_parameters = {{"\x80", std::string("\xc0\xaf")}}});
  writer.commit();

  const EventFile read = read_event_file(writer.path());

  EXPECT_EQ(read.scalars.at(0).tag, "caf" + kReplaced);
  EXPECT_EQ(read.texts.at(0).tag, kReplaced);
  EXPECT_EQ(read.texts.at(0).markdown, kReplaced + kReplaced + kReplaced + "!");
  const std::map<std::string, HyperParameter> parameters{{kReplaced, kReplaced + kReplaced}};
  EXPECT_EQ(read.session_start->hyper_parameters, parameters);
}

TEST(EventFile, what_is_unknown_is_skipped_and_counted) {
  // A value with a node_name (7), an image (4) instead of a scalar, and fields of every wire type with unknown numbers.
  const std::string image = from_hex(
      "2a0a"
      "0a08"
      "0a0161"
      "3a0162"
      "2200");
  EXPECT_EQ(read_message(image).others, 1);
  EXPECT_EQ(read_message(from_hex("0900002040fc54d941")).others, 1);  // an event of nothing but its time
  const std::string unknown = from_hex(
      "a00601"
      "a1060102030405060708"
      "a206020000"
      "a50601020304");
  const EventFile read = read_message(unknown + from_hex("1005"
                                                         "2a0c"
                                                         "0a0a"
                                                         "0a0161"
                                                         "1500000040"
                                                         "3800"));
  EXPECT_EQ(read.others, 0);
  ASSERT_EQ(read.scalars.size(), 1u);
  EXPECT_EQ(read.scalars[0].tag, "a");
  EXPECT_EQ(read.scalars[0].step, 5);
  EXPECT_EQ(read.scalars[0].value, 2);
  // A list of texts (tensor of two strings, plugin "text") is none that is written.
  const std::string two_texts =
      "0a0174"
      "4206"
      "420161"
      "420162"
      "4a08"
      "0a06"
      "0a0474657874";
  EXPECT_EQ(read_message(from_hex("2a17"
                                  "0a15" +
                                  two_texts))
                .others,
            1);
  EXPECT_TRUE(read_message(from_hex("2a17"
                                    "0a15" +
                                    two_texts))
                  .texts.empty());
  // A known number with another type is an unknown field: the step as a string.
  EXPECT_EQ(read_message(from_hex("120105"
                                  "2a0a"
                                  "0a08"
                                  "0a0161"
                                  "1500000040"))
                .scalars.at(0)
                .step,
            0);
}

TEST(EventFile, data_that_are_no_message_are_refused) {
  const auto no_event = [](const std::string& what) { return "the record at byte 40 is no event: " + what; };
  EXPECT_EQ(refusal_of_message(from_hex("09000000")), no_event("a field is longer than its message"));
  EXPECT_EQ(refusal_of_message(from_hex("2a05"
                                        "0a01")),
            no_event("a field is longer than its message"));
  EXPECT_EQ(refusal_of_message(from_hex("2affffffffffffffffff01")), no_event("a field is longer than its message"));
  EXPECT_EQ(refusal_of_message(from_hex("10ffffffffffffffffff02")), no_event("a number is of more than 64 bits"));
  EXPECT_EQ(refusal_of_message(from_hex("10ffffffffffffffffffff01")), no_event("a number is of more than 64 bits"));
  EXPECT_EQ(refusal_of_message(from_hex("0001")), no_event("a field has no number"));
  EXPECT_EQ(refusal_of_message(from_hex("2b2c")), no_event("a field is of no known type"));  // a group
  EXPECT_EQ(read_message(from_hex("10ffffffffffffffffff01"
                                  "2a0a"
                                  "0a08"
                                  "0a0161"
                                  "1500000040"))
                .scalars.at(0)
                .step,
            -1);
}

// ---- The writer's manners
// --------------------------------------------------------------------------------------------

TEST(EventFile, a_file_appears_as_a_whole_and_replaces_none) {
  const std::filesystem::path folder = test_folder() / "new" / "folder";
  {
    EventWriter abandoned(folder, kTime);
    abandoned.write_scalar({.tag = "a", .step = 0, .wall_time = kTime, .value = 1});
    EXPECT_FALSE(std::filesystem::exists(folder / kName));
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder));
  EventWriter late(folder, kTime);
  written_example(folder);
  const std::string before = get(folder / kName);

  const std::string sentence = in_file(folder / kName, "is already there, and an event file is not overwritten");
  EXPECT_EQ(refusal([&] { EventWriter(folder, kTime + 0.25); }), sentence);
  EXPECT_EQ(refusal([&] { late.commit(); }), sentence);
  EXPECT_EQ(get(folder / kName), before);
  EXPECT_EQ(refusal([&] { EventWriter(folder / kName, kTime); }).find((folder / kName).string() + ": "), 0u);
}

TEST(EventFile, what_tensorboard_would_not_show_is_refused) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EventWriter writer(test_folder(), kTime);
  writer.write_scalar({.tag = "a", .step = 3, .wall_time = kTime, .value = 1});
  const auto scalar = [&](const std::string& tag, std::int64_t step, double time) {
    writer.write_scalar({.tag = tag, .step = step, .wall_time = time, .value = 1});
  };
  EXPECT_THROW(scalar("a", 3, kTime), std::invalid_argument);
  EXPECT_THROW(scalar("a", 2, kTime), std::invalid_argument);
  EXPECT_THROW(scalar("a", 4, nan), std::invalid_argument);
  EXPECT_THROW(scalar("", 4, kTime), std::invalid_argument);
  EXPECT_THROW(scalar("_hparams_/experiment", 4, kTime), std::invalid_argument);
  EXPECT_THROW(writer.write_text({.tag = "a", .step = 4, .wall_time = kTime, .markdown = ""}), std::invalid_argument);
  EXPECT_THROW(writer.write_session_end({.wall_time = kTime}), std::invalid_argument);
  EXPECT_THROW(writer.write_session_start({.wall_time = kTime, .hyper_parameters = {{"lr", nan}}}),
               std::invalid_argument);
  writer.write_session_start({.wall_time = kTime, .hyper_parameters = {}});
  EXPECT_THROW(writer.write_session_start({.wall_time = kTime, .hyper_parameters = {}}), std::invalid_argument);
  writer.write_session_end({.wall_time = kTime});
  EXPECT_THROW(writer.write_session_end({.wall_time = kTime}), std::invalid_argument);
  EXPECT_THROW(EventWriter(test_folder(), -1), std::invalid_argument);
  EXPECT_THROW(EventWriter(test_folder(), 1e10), std::invalid_argument);
  EXPECT_THROW(EventWriter(test_folder(), nan), std::invalid_argument);
  scalar("a", 4, kTime);  // what was refused left no trace
  writer.commit();
  EXPECT_EQ(read_event_file(writer.path()).scalars.size(), 2u);
}

// ---- TensorBoard itself
// ----------------------------------------------------------------------------------------------

// tensorboard_reader.py, where the Python named by PLATEAU_PYTHON (else python3) has the package.
int tensorboard_reads(const std::filesystem::path& folder, const std::string& expected) {
  const char* const python = std::getenv("PLATEAU_PYTHON");
  const std::string script = PLATEAU_TEST_DATA "/../report/tensorboard_reader.py";
  const std::string command = std::string(python != nullptr ? python : "python3") + " -B '" + script + "' '" +
                              folder.string() + "' '" + expected + "'";
  const int status = std::system(command.c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(EventFile, tensorboards_own_reader_gives_everything_back) {
  written_example(test_folder());
  EventWriter writer(test_folder() / "hostile", kTime);
  writer.write_session_start({.wall_time = kTime, .hyper_parameters = {{"<b>\xff", std::string("\"\n")}, {"lr", 1.0}}});
  writer.write_scalar({.tag = "<script>\u202e\n\xff", .step = 0, .wall_time = kTime, .value = std::nan("")});
  for (int step = 0; step < 3; ++step)
    writer.write_scalar({.tag = "x", .step = step, .wall_time = kTime + step, .value = step < 2 ? step / 3.0 : 1e39});
  writer.write_text({.tag = "t", .step = 9, .wall_time = kTime, .markdown = "a\xff\n| b |"});
  writer.write_session_end({.wall_time = kTime, .status = SessionStatus::failure});
  writer.commit();
  const std::string expected = R"({
    ".": {"scalars": {"test/accuracy": [[300, 1700000001.25, 0.75]]},
          "texts": {"verdict": [[0, 1700000002.0, "**noise**"]]},
          "hparams": {"lr": 0.01, "hidden": "128,128", "shuffle": false}, "status": "STATUS_SUCCESS"},
    "hostile": {"scalars": {"<script>\u202e\n\ufffd": [[0, 1700000000.5, NaN]],
                            "x": [[0, 1700000000.5, 0], [1, 1700000001.5, 0.3333333333333333],
                                  [2, 1700000002.5, Infinity]]},
                "texts": {"t": [[9, 1700000000.5, "a\ufffd\n| b |"]]},
                "hparams": {"<b>\ufffd": "\"\n", "lr": 1.0}, "status": "STATUS_FAILURE"}})";

  const int code = tensorboard_reads(test_folder(), expected);

  if (code == 77 || code == 127) GTEST_SKIP() << "there is no Python with the package tensorboard";
  EXPECT_EQ(code, 0);
  std::string other = expected;  // and the reader can fail
  other.replace(other.find("0.3333"), 6, "0.3334");
  EXPECT_EQ(tensorboard_reads(test_folder(), other), 1);
}

}  // namespace
}  // namespace plateau::test::event_file_test
