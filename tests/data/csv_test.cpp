// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/data/csv.hpp"

#include <charconv>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "files.hpp"
#include "gzip.hpp"
#include "plateau/ops/softmax_xent.hpp"

namespace plateau::csv_test {
namespace {

using namespace testing_files;

using Texts = std::vector<std::string>;
using Labels = std::vector<std::int32_t>;
using Values = std::vector<float>;

Values values_of(const Dataset& data) {
  const HostSpan<const float> all = data.values.view();
  return {all.begin(), all.end()};
}

Dataset read(const std::string& text, const ReadOptions& options = {}) { return read_csv(put("t.csv", text), options); }

// What the text is refused with, behind "FILE: ".
std::string refused(const std::string& text, const ReadOptions& options = {}) {
  const auto path = put("t.csv", text);
  const std::string sentence = refusal([&] { read_csv(path, options); }), file = path.string() + ": ";
  EXPECT_EQ(sentence.find(file), 0u) << sentence;
  return sentence.empty() ? "" : sentence.substr(file.size());
}

// ---- Lines and fields ----

TEST(Csv, a_table_with_a_header_is_read) {
  const Dataset data = read("width,height,kind\n1,2,cat\n3,4.5,dog\n-1e-3,.5,cat\n");

  EXPECT_EQ(data.columns, 2);
  EXPECT_EQ(data.rows(), 3);
  EXPECT_EQ(values_of(data), (Values{1, 2, 3, 4.5f, -1e-3f, 0.5f}));
  EXPECT_EQ(data.feature_names, (Texts{"width", "height"}));
  EXPECT_EQ(data.classes.names, (Texts{"cat", "dog"}));
  EXPECT_FALSE(data.classes.numbered);
  EXPECT_EQ(data.labels, (Labels{0, 1, 0}));
  EXPECT_TRUE(data.groups.empty());
  EXPECT_EQ(data.source, put("t.csv", "").string());
}

TEST(Csv, a_table_without_a_header_has_no_names) {
  const Dataset data = read("1,2,b\n3,4,a\n");

  EXPECT_EQ(values_of(data), (Values{1, 2, 3, 4}));
  EXPECT_TRUE(data.feature_names.empty());
  EXPECT_EQ(data.classes.names, (Texts{"a", "b"}));
  EXPECT_EQ(data.labels, (Labels{1, 0}));
}

TEST(Csv, the_same_rows_are_read_however_their_lines_end) {
  for (const std::string text :
       {"a,b,y\n1,2,0\n3,4,1\n", "a,b,y\r\n1,2,0\r\n3,4,1\r\n", "a,b,y\n1,2,0\n3,4,1", "a,b,y\r\n1,2,0\r\n3,4,1",
        "a,b,y\r\n1,2,0\r\n3,4,1\r",
        "\xef\xbb\xbf"
        "a,b,y\n1,2,0\n3,4,1\n",
        "a,b,y\n1,2,0\n3,4,1\n\n  \n\r\n", "a;b;y\n1;2;0\n3;4;1\n", "a\tb\ty\n1\t2\t0\n3\t4\t1\n",
        " a , b,y\n 1 ,2, 0\n3,\t4 ,1 \n", "\"a\",\"b\",\"y\"\n\"1\",\"2\",\"0\"\n\"3\", \"4\" ,\"1\"\r\n",
        "a,b,y\n+1,02,0\n3.0,4e0,1\n"}) {
    const Dataset data = read(text);
    EXPECT_EQ(values_of(data), (Values{1, 2, 3, 4})) << text;
    EXPECT_EQ(data.feature_names, (Texts{"a", "b"})) << text;
    EXPECT_EQ(data.labels, (Labels{0, 1})) << text;
    EXPECT_EQ(data.classes.names, (Texts{"0", "1"})) << text;
  }
}

TEST(Csv, quotes_hold_separators_line_ends_and_quotes) {
  const Dataset data = read("\"a,\n\"\"b\"\"\",y\n1,\"x,y\"\n2,\"p\r\nq\"\n3,\"\"\"\"\n4,5\" pipe\n5,\" x \"\n");

  EXPECT_EQ(data.feature_names, Texts{"a,\n\"b\""});
  EXPECT_EQ(data.classes.names, (Texts{" x ", "\"", "5\" pipe", "p\r\nq", "x,y"}));
  EXPECT_EQ(data.labels, (Labels{4, 3, 1, 2, 0}));
}

TEST(Csv, the_separator_is_the_one_the_first_line_has_most_of_outside_quotes) {
  EXPECT_EQ(read("\"a,b,c,d\";e;y\n1;2;0\n").columns, 2);
  EXPECT_EQ(read("\"a\"\",,,,\";y\n1;0\n").feature_names, Texts{"a\",,,,"});
  EXPECT_EQ(read("a;b,c,y\n1,2,0\n").feature_names, (Texts{"a;b", "c"}));
  EXPECT_EQ(read("a,b;y\n1,2\n").feature_names, Texts{"a"});                         // of equals the comma
  EXPECT_EQ(read("5\" pipe,b,y\n1,2,0\n").feature_names, (Texts{"5\" pipe", "b"}));  // a quote that opens nothing
}

TEST(Csv, a_table_that_does_not_fit_a_block_is_read_whole) {
  std::string text = "x,\"a \"\"quoted\"\" name\",y\r\n";
  Values values;
  Labels labels;
  for (int i = 0; text.size() < 2'200'000; ++i) {
    const std::string number = std::to_string(i) + "." + std::to_string(i % 1000);
    float value = 0;
    std::from_chars(number.data(), number.data() + number.size(), value);
    text += (i % 3 == 0 ? "\"" + number + "\"" : number) + ",\"" + std::to_string(-i) + "\",";
    text += i % 5 == 0 ? "\"c,\r\n\"\"" + std::to_string(i % 7) + "\"\"\"\r\n" : "d\n";
    values.push_back(value);
    values.push_back(static_cast<float>(-i));
    labels.push_back(i % 5 == 0 ? i % 7 : 7);
  }

  const Dataset plain = read(text), packed = read(gzipped(text));

  EXPECT_EQ(values_of(plain), values);
  EXPECT_EQ(plain.labels, labels);
  EXPECT_EQ(values_of(packed), values);
  EXPECT_EQ(packed.labels, labels);
  EXPECT_EQ(plain.classes.names[1], "c,\r\n\"1\"");
}

TEST(Csv, a_block_may_end_at_any_place_of_a_row) {
  constexpr std::size_t kBlock = 1 << 20;
  const std::string row = "-1.25e1, \"3\" ,\"c,\r\n\"\"d\"\"\"\r\n";
  std::string filler;
  while (filler.size() < kBlock - 10 * row.size()) filler += "1,2,f\n";
  std::string rows;
  for (int i = 0; i < 20; ++i) rows += row;
  for (std::size_t shift = 0; shift <= row.size(); ++shift) {
    const Dataset data = read("a" + std::string(shift, 'a') + ",b,y\n" + filler + rows);

    ASSERT_EQ(data.rows(), static_cast<Index>(filler.size() / 6) + 20) << shift;
    EXPECT_EQ(data.classes.names, (Texts{"c,\r\n\"d\"", "f"})) << shift;
    for (Index i = data.rows() - 20; i < data.rows(); ++i) {
      EXPECT_EQ(data.x().row(i)[0], -12.5f) << shift;
      EXPECT_EQ(data.x().row(i)[1], 3) << shift;
      EXPECT_EQ(data.label()[i], 0) << shift;
    }
  }
}

TEST(Csv, a_million_columns_are_read) {
  constexpr Index kColumns = 1'000'000;
  std::string text;
  for (const std::string ten : {"0,1,2,3,4,5,6,7,8,9,", "9,8,7,6,5,4,3,2,1,0,"}) {
    for (Index j = 0; j < kColumns; j += 10) text += ten;
    text += "c\n";
  }

  const Dataset data = read(text);

  EXPECT_EQ(data.rows(), 2);
  EXPECT_EQ(data.columns, kColumns);
  for (const Index j : {Index{0}, Index{1}, Index{123'456}, kColumns - 1}) {
    EXPECT_EQ(data.x().row(0)[j], static_cast<float>(j % 10));
    EXPECT_EQ(data.x().row(1)[j], static_cast<float>(9 - j % 10));
  }
}

TEST(Csv, progress_ends_at_the_whole_file) {
  std::vector<double> shares;
  std::string text = "a,y\n";
  while (text.size() < 2'500'000) text += "1,0\n2,1\n";

  read(text, {.progress = [&](double share) { shares.push_back(share); }});

  EXPECT_GE(shares.size(), 3u);
  EXPECT_TRUE(std::is_sorted(shares.begin(), shares.end()));
  EXPECT_EQ(shares.back(), 1);
}

TEST(Csv, a_row_of_another_length_names_its_line_and_both_counts) {
  EXPECT_EQ(refused("a,b,y\n1,2,0\n1,2\n"), "line 3: the row has 2 fields, the first line has 3");
  EXPECT_EQ(refused("a,b,y\n1,2,0,4,5\n"), "line 2: the row has 5 fields, the first line has 3");
  EXPECT_EQ(refused("1,2,0\n1\n"), "line 2: the row has 1 field, the first line has 3");
  EXPECT_EQ(refused("a,b,\"y\n\n\"\n1,2,\"0\n\"\n1,2\n"), "line 6: the row has 2 fields, the first line has 3");
}

TEST(Csv, empty_lines_before_a_row_are_refused_and_a_file_of_them_is_empty) {
  EXPECT_EQ(refused("a,y\n1,0\n\n \n2,1\n"), "line 3: the line is empty");
  EXPECT_EQ(refused("\na,y\n1,0\n"), "line 1: the line is empty");
  EXPECT_EQ(refused("\r\n\r\n"), "line 1: the line is empty");
  EXPECT_EQ(refused(""), "the file is empty");
  EXPECT_EQ(refused("\xef\xbb\xbf"), "the file is empty");
  EXPECT_EQ(refused("a,b,y\n"), "the file has a header and no rows");
  EXPECT_EQ(refused("a,b,y\n\n"), "the file has a header and no rows");
}

TEST(Csv, quotes_that_do_not_close_and_what_follows_one_that_does_are_refused) {
  EXPECT_EQ(refused("a,y\n1,0\n2,\"1\n3,0\n"), "line 3: a quote of this row is not closed");
  EXPECT_EQ(refused("a,y\n1,\"0\"1\n"), "line 2: something follows the closing quote of '0'");
  EXPECT_EQ(refused("\"a,y\n1,0\n"), "line 1: a quote of this row is not closed");
  EXPECT_EQ(refused("a,y\n1,\"0\"\r\r\n"), "line 2: something follows the closing quote of '0'");
}

TEST(Csv, text_of_other_kinds_is_named) {
  EXPECT_EQ(refused("a,y\r1,0\r2,1\r"), "line 1: a line ends in CR alone; LF and CRLF are read");
  EXPECT_EQ(refused("a,y\n1,0\r2,1\n"), "line 2: the row has 3 fields, the first line has 2");
  EXPECT_EQ(refused("a,y\n1\r2,1\n"), "line 2: a line ends in CR alone; LF and CRLF are read");
  EXPECT_EQ(refused(std::string("\xff\xfe"
                                "a\0,\0y\0\n\0",
                                10)),
            "the text is UTF-16; save it as UTF-8");
  EXPECT_EQ(refused("a,y\n1,caf\xe9\n"), "line 2: column 'y' holds 'caf?', which is not UTF-8; save the text as UTF-8");
  EXPECT_EQ(refused("caf\xe9,y\n1,0\n"), "line 1: the name 'caf?' of column 0 is not UTF-8; save the text as UTF-8");
  EXPECT_EQ(refused(std::string("a,y\n1,\0\n", 8)),
            "line 2: column 'y' holds '?', which is not UTF-8; save the text as UTF-8");
  EXPECT_EQ(read("a,y\n1,caf\xc3\xa9\n").classes.names, Texts{"caf\xc3\xa9"});
}

TEST(Csv, what_is_shown_of_a_file_is_on_one_line_and_readable) {
  const auto shown = [](const std::string& field) {
    const std::string sentence = refused("a,y\n\"" + field + "\",0\n"), begin = "line 2: column 'a' holds ";
    return sentence.substr(std::min(begin.size(), sentence.size()), sentence.find(", which") - begin.size());
  };
  EXPECT_EQ(shown("\u65e5\u672c caf\u00e9 \U0001f600"), "'\u65e5\u672c caf\u00e9 \U0001f600'");
  EXPECT_EQ(shown("\u00a0\u65e5\x1b[2J\n\x7f\xc2\x80\xc2\x9b\u2028\u2029."), "'\u00a0\u65e5?[2J??????.'");
  EXPECT_EQ(shown("\xe6\x97z\xff\xed\xa0\x80\xf0\x9f\x98."), "'??z???????.'");
  const std::string long_name(77, 'a');
  EXPECT_EQ(shown(long_name + "\u65e5"), "'" + long_name + "\u65e5'");
  EXPECT_EQ(shown(long_name + "b\u65e5"), "'" + long_name + "b...'");
  EXPECT_EQ(shown(long_name + "\u65e5b"), "'" + long_name + "\u65e5...'");
}

TEST(Csv, names_are_well_formed_utf8) {
  for (const std::string name : {"\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
                                 "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"})
    EXPECT_EQ(read("a,y\n1," + name + "\n").classes.names, Texts{name});
  for (const std::string name : {"\x80", "\xc1\xbf", "\xc2", "\xc2\x7f", "\xc2\xc0", "\xe0\x9f\xbf", "\xed\xa0\x80",
                                 "\xe1\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff"})
    EXPECT_NE(refused("a,y\n1," + name + "\n").find("which is not UTF-8"), std::string::npos);
}

TEST(Csv, a_gzip_file_that_is_damaged_is_refused) {
  const std::string whole = gzipped("a,y\n1,0\n2,1\n");
  EXPECT_EQ(read(whole).rows(), 2);
  EXPECT_EQ(refused(whole.substr(0, whole.size() - 1)), "the file ends in the middle of its gzip data");
}

TEST(Csv, rows_without_end_are_refused_when_the_memory_for_them_ends) {
  std::string text = "a,y\n";
  for (int i = 0; i < 1'100'000; ++i) text += "0,0\n";
  constexpr Index kOnePiece = Index{1} << 22;

  EXPECT_EQ(refused(gzipped(text), {.most_bytes = kOnePiece}),
            "line 1048578: the rows take more than 4194304 bytes of memory");
  EXPECT_EQ(read(gzipped(text), {.most_bytes = 2 * kOnePiece}).rows(), 1'100'000);
}

TEST(Csv, a_row_without_end_is_refused) {
  const std::string zeros = gzipped(std::string(static_cast<std::size_t>(kMaxCsvRowBytes) + 10, '0'));
  const std::string sentence = " a row of more than 33554432 bytes begins here; is a quote not closed?";

  EXPECT_EQ(refused(gzipped("a,y\n1,0\n2,\"") + zeros), "line 3:" + sentence);
  EXPECT_EQ(refused(zeros), "line 1:" + sentence);
}

// ---- Header and columns ----

TEST(Csv, a_first_line_is_a_header_where_a_feature_of_it_is_text) {
  EXPECT_EQ(read("1,2,name\n3,4,x\n").rows(), 2);  // text in the target alone says nothing
  EXPECT_EQ(read("a,2,name\n3,4,x\n").rows(), 1);
  EXPECT_EQ(read(",a,y\n1,2,0\n").feature_names, (Texts{"Unnamed: 0", "a"}));  // of pandas' index
  EXPECT_EQ(refused("1,,0\n1,2,0\n"), "line 1: column 1 has no value; --drop 1 leaves the column out");
  EXPECT_EQ(refused("1,nan,0\n1,2,0\n"),
            "line 1: column 1 holds 'nan', a missing value; --drop 1 leaves the column out");
  EXPECT_EQ(read("1,2,name\n3,4,x\n", {.target = "name"}).feature_names, (Texts{"1", "2"}));  // a column that is named
  EXPECT_EQ(read("1,2,x\n3,4,y\n", {.header = Header::present}).feature_names, (Texts{"1", "2"}));
  EXPECT_EQ(read("s,1,x\nt,2,y\n", {.drop = {"0"}}).rows(), 2);
  EXPECT_EQ(refused("s,1,x\nt,2,y\n", {.header = Header::absent}),
            "line 1: column 0 holds 's', which is no number; --drop 0 leaves the column out");
}

TEST(Csv, columns_are_chosen_by_name_or_by_place) {
  const std::string text = "id,y,a,b\n7,u,1,2\n8,v,3,4\n";
  for (const ReadOptions& options :
       {ReadOptions{.target = "y", .drop = {"id"}}, ReadOptions{.target = "1", .drop = {"0"}}}) {
    const Dataset data = read(text, options);
    EXPECT_EQ(values_of(data), (Values{1, 2, 3, 4}));
    EXPECT_EQ(data.feature_names, (Texts{"a", "b"}));
    EXPECT_EQ(data.classes.names, (Texts{"u", "v"}));
  }
  EXPECT_EQ(read("x,0,z\n1,2,3\n", {.target = "0"}).feature_names, (Texts{"x", "z"}));  // a name comes first
  EXPECT_EQ(read("2,a,0\n1,5,3\n").feature_names, (Texts{"2", "a"}));                   // but not of the last column
}

TEST(Csv, a_column_that_is_not_there_or_has_two_tasks_is_refused) {
  const std::string text = "id,a,y\n7,1,0\n";
  EXPECT_EQ(refused(text, {.target = "z"}), "there is no column 'z'; its columns are 'id', 'a', 'y'");
  EXPECT_EQ(refused(text, {.drop = {"3"}}), "there is no column '3'; its columns are 'id', 'a', 'y'");
  EXPECT_EQ(refused("1,2\n", {.group = "g"}), "there is no column 'g'; it has no header and 2 columns, 0 to 1");
  EXPECT_EQ(refused(text, {.drop = {"y"}}), "column 'y' cannot be two of target, group and dropped");
  EXPECT_EQ(refused(text, {.target = "a", .group = "a"}), "column 'a' cannot be two of target, group and dropped");
  EXPECT_EQ(refused(text, {.drop = {"a", "id"}}), "no column of features is left of 3 columns");
  EXPECT_EQ(refused("1\n2\n"), "no column of features is left of 1 column");
  EXPECT_EQ(refused("a,b,a,y\n"), "line 1: columns 0 and 2 are both named 'a'");
}

TEST(Csv, rows_to_predict_need_no_target) {
  const Dataset none = read("a,b\n1,2\n", {.labelled = false});
  EXPECT_EQ(values_of(none), (Values{1, 2}));
  EXPECT_EQ(none.rows(), 1);
  EXPECT_FALSE(none.is_labelled());

  const Dataset absent = read("1,2\n3,4\n", {.target = "y", .labelled = false});
  EXPECT_EQ(values_of(absent), (Values{1, 2, 3, 4}));

  const Dataset there = read("a,y\n1,c\n", {.target = "y", .labelled = false});
  EXPECT_EQ(values_of(there), Values{1});
  EXPECT_EQ(there.classes.names, Texts{"c"});
}

TEST(Csv, groups_are_numbered_by_first_occurrence) {
  const Dataset data = read("who,a,y\nbob,1,0\n\"al\",2,0\nbob,3,1\n", {.group = "who"});

  EXPECT_EQ(data.groups, (std::vector<std::int32_t>{0, 1, 0}));
  EXPECT_EQ(data.feature_names, Texts{"a"});
  EXPECT_EQ(refused("who,a,y\n,1,0\n", {.group = "who"}), "line 2: column 'who', the group, has no value");
}

// ---- Features ----

TEST(Csv, features_are_the_nearest_floats) {
  const Dataset data = read(
      "a,y\n0.1,0\n16777217,0\n1e-60,0\n-1e-60,0\n1e-45,0\n3.4028235e38,0\n1.17549429e-38,0\n1E5,0\n5.,0\n-0,0\n"
      "0.30000001192092895507812500001,0\n1e-400,0\n-1e-400,0\n1e-99999999999999999999,0\n0." +
      std::string(400, '0') + "1,0\n" + std::string(400, '9') + "e-1000,0\n0." + std::string(400, '0') +
      "1e400,0\n-0e99999999999999999999,0\n");

  EXPECT_EQ(values_of(data), (Values{0.1f, 16777216, 0, 0, 1e-45f, std::numeric_limits<float>::max(), 1.17549429e-38f,
                                     1e5f, 5, 0, 0.3f, 0, 0, 0, 0, 0, 0.1f, 0}));
  for (const Index row : {3, 9, 12, 17}) EXPECT_TRUE(std::signbit(data.values.view()[row])) << row;
}

TEST(Csv, what_is_no_finite_number_names_its_line_and_column) {
  const std::string left_out = "; --drop 'b' leaves the column out";
  const std::pair<const char*, std::string> cases[] = {
      {"", "has no value" + left_out},
      {"  ", "has no value" + left_out},
      {"NaN", "holds 'NaN', a missing value" + left_out},
      {"-nan", "holds '-nan', a missing value" + left_out},
      {"NA", "holds 'NA', a missing value" + left_out},
      {"?", "holds '?', a missing value" + left_out},
      {"inf", "holds 'inf'; features are finite"},
      {"-Infinity", "holds '-Infinity'; features are finite"},
      {"1e39", "holds '1e39', beyond the range of a 32-bit float"},
      {"-1e400", "holds '-1e400', beyond the range of a 32-bit float"},
      {"0.001E+99999999999999999999", "holds '0.001E+99999999999999999999', beyond the range of a 32-bit float"},
      {"999999999999999999999999999999999e300",
       "holds '999999999999999999999999999999999e300', beyond the range of a 32-bit float"},
      {"3.4028236e38", "holds '3.4028236e38', beyond the range of a 32-bit float"},
      {"male", "holds 'male', which is no number" + left_out},
      {"0x10", "holds '0x10', which is no number" + left_out},
      {"1 2", "holds '1 2', which is no number" + left_out},
      {"1e", "holds '1e', which is no number" + left_out},
      {"+-1", "holds '+-1', which is no number" + left_out},
      {"-", "holds '-', which is no number" + left_out},
      {"nan(1)", "holds 'nan(1)', which is no number" + left_out},
      {"\"1,5\"", "holds '1,5', which is no number" + left_out},
      {"\"1\"\"\"", "holds '1\"\"', which is no number" + left_out}};
  for (const auto& [field, what] : cases)
    EXPECT_EQ(refused(std::string("a,b,y\n1,2,0\n3,") + field + ",1\n"), "line 3: column 'b' " + what);
  EXPECT_EQ(refused("a;y\n1,5;0\n"), "line 2: column 'a' holds '1,5'; numbers have a decimal point");
  EXPECT_EQ(refused("1,2,0\n1,x,0\n"),
            "line 2: column 1 holds 'x', which is no number; --drop 1 leaves the column out");
}

// ---- Classes ----

TEST(Csv, whole_numbers_are_classes_in_ascending_order) {
  const Dataset data = read("a,y\n1,10\n1,9\n1,-2\n1,9\n");
  EXPECT_EQ(data.classes.names, (Texts{"-2", "9", "10"}));
  EXPECT_EQ(data.labels, (Labels{2, 1, 0, 1}));
  EXPECT_FALSE(data.classes.numbered);
}

TEST(Csv, whole_numbers_are_the_same_however_they_are_written) {
  const Dataset data = read("a,y\n1,1.0\n1,0.0\n1,01\n1,+2.\n1,-0\n");
  EXPECT_EQ(data.classes.names, (Texts{"0", "1", "2"}));
  EXPECT_EQ(data.labels, (Labels{1, 0, 1, 2, 0}));
  EXPECT_TRUE(data.classes.numbered);
}

TEST(Csv, other_names_are_as_written_in_the_order_of_their_bytes) {
  const Dataset data = read("a,y\n1,10\n1,9\n1,1.5\n1,Zoe\n1,a\n1,1.0\n1,None\n");
  EXPECT_EQ(data.classes.names, (Texts{"1.0", "1.5", "10", "9", "None", "Zoe", "a"}));
  EXPECT_FALSE(data.classes.numbered);
}

TEST(Csv, a_row_without_a_class_is_refused) {
  for (const std::string none : {"", "  ", "\"\"", "nan", "NaN"})
    EXPECT_EQ(refused("a,y\n1,0\n2," + none + "\n"), "line 3: column 'y', the target, has no class") << none;
}

TEST(Csv, a_target_of_too_many_values_is_refused) {
  std::string text = "a,price\n";
  for (Index i = 0; i < kMaxClasses; ++i) text += "1," + std::to_string(i) + ".5\n";
  EXPECT_EQ(read(text).classes.classes(), kMaxClasses);
  EXPECT_EQ(refused(text + "1,x\n"),
            "line 1026: column 'price', the target, has more than 1024 different values; these would be classes, and a "
            "number is not predicted");
}

// ---- Damage ----

TEST(Csv, no_text_is_read_in_another_way_than_into_a_dataset_or_a_refusal) {
  const std::string text = "a,\"b\",y\r\n1,-2.5e3,\"c\"\"\"\n\"4\",+.5,d\n";
  int read_ones = 0, refused_ones = 0;
  for (std::size_t length = 0; length <= text.size(); ++length)
    ++(refusal([&] { read(text.substr(0, length)); }).empty() ? read_ones : refused_ones);
  for (std::size_t at = 0; at < text.size(); ++at)
    for (const char c : std::string("\0\n\r\",;x1. -", 11)) {
      std::string damaged = text;
      damaged[at] = c;
      ++(refusal([&] { read(damaged); }).empty() ? read_ones : refused_ones);
    }
  EXPECT_GT(read_ones, 50);
  EXPECT_GT(refused_ones, 100);
}

// ---- Lines as text ----

struct TextLine {
  Index line;
  Texts fields;
  bool operator==(const TextLine&) const = default;
};
std::vector<TextLine> text_lines(const std::string& text) {
  std::vector<TextLine> lines;
  read_csv_text(put("t.csv", text), [&](Index line, const Texts& fields) { lines.push_back({line, fields}); });
  return lines;
}

TEST(CsvText, has_every_line_with_its_number) {
  EXPECT_EQ(text_lines("\xef\xbb\xbfround;what\r\n 1 ; \"two\nlines, \"\"so\"\"\" \r\n2;\n\n"),
            (std::vector<TextLine>{{1, {"round", "what"}}, {2, {"1", "two\nlines, \"so\""}}, {4, {"2", ""}}}));
  EXPECT_EQ(text_lines("cat"), (std::vector<TextLine>{{1, {"cat"}}}));
  // More than a block of the file.
  std::string many;
  for (int i = 0; i < 150'000; ++i) many += std::to_string(i) + ",x\n";
  const std::vector<TextLine> lines = text_lines(many);
  ASSERT_EQ(lines.size(), 150'000u);
  for (std::size_t i = 0; i < lines.size(); ++i)
    ASSERT_EQ(lines[i], (TextLine{static_cast<Index>(i) + 1, {std::to_string(i), "x"}}));
}

TEST(CsvText, is_refused_where_it_is_no_table) {
  const auto refused_text = [](const std::string& text) { return refusal([&] { text_lines(text); }); };
  EXPECT_EQ(refused_text("a,b\n1,2,3\n"),
            in_file(put("u.csv", "").replace_filename("t.csv"), "line 2: the row has 3 fields, the first line has 2"));
  EXPECT_NE(refused_text("a,b\n\n1,2\n").find("line 2: the line is empty"), std::string::npos);
  EXPECT_NE(refused_text("\na,b\n").find("line 1: the line is empty"), std::string::npos);
  EXPECT_NE(refused_text("").find("the file is empty"), std::string::npos);
  EXPECT_NE(refused_text("a\n\"b\n").find("a quote of this row is not closed"), std::string::npos);
}

}  // namespace
}  // namespace plateau::csv_test
