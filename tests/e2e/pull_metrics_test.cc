// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// pullimap's metrics setting.
#include <signal.h>

#include "tests/e2e/pull_bed.h"

using namespace interimap::bed;
using namespace std::chrono_literals;

TEST_CASE("metrics: of a section, after a run and while it idles") {
  PullBed bed;
  const fs::path place = makeDirectory(bed.directory / "metrics"), file = place / "work.prom";
  bed.set({"metrics = " + file.string()});
  auto value = [&](const std::string& name) {
    const std::string text = readFile(file), series = "\npullimap_" + name + "{section=\"work\"} ";
    auto at = text.find(series);
    if (at == text.npos) return std::string("none");
    at += series.size();
    return text.substr(at, text.find('\n', at) - at);
  };
  bed.append(mails("a", 2));
  requireDone(bed.program.run());
  CHECK(value("messages_delivered_total") == "2");
  CHECK(value("last_run_exit_status") == "0");
  CHECK(value("last_success_timestamp_seconds") != "none");

  BackgroundProcess watcher = bed.program.runInBackground({"--idle=3600", "work"});
  CHECK(eventually([&] { return value("waiting") == "1"; }));
  bed.append(mails("b", 1));
  CHECK(eventually([&] { return value("messages_delivered_total") == "3"; }));
  watcher.signal(SIGTERM);
  CHECK(watcher.wait(30s).exitStatus == 0);
  CHECK(value("waiting") == "0");

  bed.sink.on("RCPT", 0, {"451 4.3.0 not now\r\n"});
  bed.append(mails("c", 1));
  CHECK(bed.program.run().exitStatus == 75);
  CHECK(value("last_run_exit_status") == "75");
  CHECK(value("deferred") == "1");
  CHECK(value("messages_delivered_total") == "3");
}
