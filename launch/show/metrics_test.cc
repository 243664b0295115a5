// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/show/metrics.h"

#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

#include "launch/config/data_home.h"

using namespace interimap;

namespace {

// Without what explains it.
std::string values(const std::string& text) {
  std::istringstream lines(text);
  std::string all;
  for (std::string line; std::getline(lines, line);)
    if (!line.starts_with("#")) all += line.substr(10) + "\n";
  return all;
}

}  // namespace

TEST_CASE("metrics: as Prometheus reads them") {
  Metrics metrics("/nowhere", Synchronised{}, {"account", "a\"b\\\n"},
                  [] { return std::optional<std::int64_t>(1796022720); });
  metrics.add({.copiedToLocal = 3,
               .copiedToRemote = 1,
               .flagsUpdated = 2,
               .failed = 5,
               .octetsToLocal = 7,
               .octetsToRemote = 2,
               .mailboxes = 4,
               .held = 1});
  metrics.ended({75, std::chrono::milliseconds(61'007), 1796022721});
  const std::string text = metrics.text("");
  CHECK(text.starts_with(
      "# HELP interimap_last_success_timestamp_seconds When a run was last successful as a "
      "whole.\n# TYPE interimap_last_success_timestamp_seconds gauge\n"
      "interimap_last_success_timestamp_seconds{account=\"a\\\"b\\\\\\\\x0A\"} 1796022720\n"));
  const std::string is = "{account=\"a\\\"b\\\\\\\\x0A\"";
  CHECK(values(text) ==
        "last_success_timestamp_seconds" + is + "} 1796022720\n" + "last_run_timestamp_seconds" + is +
            "} 1796022721\n" + "last_run_duration_seconds" + is + "} 61.007\n" + "last_run_exit_status" + is +
            "} 75\n" + "waiting" + is + "} 0\n" + "failed" + is + "} 5\n" + "mailboxes" + is + "} 4\n" +
            "held" + is + "} 1\n" + "messages_copied_total" + is + ",to=\"local\"} 3\n" +
            "messages_copied_total" + is + ",to=\"remote\"} 1\n" + "flags_updated_total" + is + "} 2\n" +
            "messages_expunged_total" + is + "} 0\n" + "octets_total" + is + "} 9\n");
}

TEST_CASE("metrics: totals go on from what is there, if it is a number of this account") {
  struct {
    const char* before;
    const char* total;
  } table[] = {
      {"", "2"},
      {"interimap_flags_updated_total{account=\"a\"} 5\n", "7"},
      {"x\ninterimap_flags_updated_total{account=\"a\"} 5\ny", "7"},
      {"\ninterimap_flags_updated_total{account=\"a\"} 5\n", "7"},
      {"interimap_flags_updated_total{account=\"b\"} 5\n", "2"},
      {"xinterimap_flags_updated_total{account=\"a\"} 5\n", "2"},
      {"interimap_flags_updated_total{account=\"a\"} 5", "2"},
      {"interimap_flags_updated_total{account=\"a\"} 5.5\n", "2"},
      {"interimap_flags_updated_total{account=\"a\"} -5\n", "2"},
      {"interimap_flags_updated_total{account=\"a\"} 18446744073709551615\n", "2"},
      {"interimap_flags_updated_total{account=\"a\"} 99999999999999999999\n", "2"},
  };
  for (const auto& row : table) {
    CAPTURE(row.before);
    Metrics metrics("/nowhere", Synchronised{}, {"account", "a"});
    metrics.add(Synchronised{.flagsUpdated = 2});
    const std::string text = metrics.text(row.before);
    CHECK(text.find("\ninterimap_flags_updated_total{account=\"a\"} " + std::string(row.total) + "\n") !=
          text.npos);
    CHECK(text.find("last_") == text.npos);
  }
}

TEST_CASE("metrics: what was written is not added again, and another process goes on from it") {
  DataHome home;
  const std::string path = std::string(home.path) + "/a.prom";
  auto total = [&] {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    const std::string all = values(text.str());
    auto at = all.find("octets_total{account=\"a\"} ");
    REQUIRE(at != all.npos);
    return all.substr(at + 26, all.find('\n', at) - at - 26);
  };
  Metrics one(path, Synchronised{}, {"account", "a"}), other(path, Synchronised{}, {"account", "a"});
  one.add(Synchronised{.octetsToLocal = 1, .waiting = true});
  one.write();
  CHECK(total() == "1");
  one.write();
  CHECK(total() == "1");
  other.add(Synchronised{.octetsToLocal = 10});
  other.write();
  one.add(Synchronised{.octetsToRemote = 100});
  one.write();
  CHECK(total() == "111");
}

TEST_CASE("metrics: of a section, whose last success is the last run that ended with 0") {
  Metrics metrics("/nowhere", Pulled{}, {"section", "work"});
  const std::string before = "pullimap_last_success_timestamp_seconds{section=\"work\"} 7\n";
  auto success = [&] {
    const std::string all = values(metrics.text(before));
    auto at = all.find("ast_success_timestamp_seconds{section=\"work\"} ");
    return at == all.npos ? "none" : all.substr(at + 46, all.find('\n', at) - at - 46);
  };
  CHECK(success() == "7");
  metrics.add(Pulled{.delivered = 2, .deferred = 1, .waiting = true}, 8);
  CHECK(success() == "7");
  metrics.ended({75, std::chrono::milliseconds(1), 9});
  CHECK(success() == "7");
  metrics.add(Pulled{.delivered = 1, .waiting = true}, 10);
  CHECK(success() == "10");
  metrics.ended({0, std::chrono::milliseconds(1), 11});
  CHECK(success() == "11");
  CHECK(metrics.text("").find("\npullimap_messages_delivered_total{section=\"work\"} 3\n") !=
        std::string::npos);
  CHECK(metrics.text("").find("\npullimap_deferred{section=\"work\"} 0\n") != std::string::npos);
}
