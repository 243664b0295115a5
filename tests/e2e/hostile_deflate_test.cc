// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// COMPRESS agreed upon, and then octets that grow without measure, or are no DEFLATE at all (RFC 4978): to
// the end of the run, within bounds, and nothing of it reaches the other side.
#include <zlib.h>

#include <algorithm>

#include "tests/e2e/hostile_bed.h"

using namespace interimap::bed;
using interimap::ExitStatus;

namespace {

constexpr std::size_t kMega = 1 << 20;

FakeOptions compressing() {
  FakeOptions options;
  options.capabilities += " COMPRESS=DEFLATE";
  return options;
}

// Both sides have mail that the other has not, so that there is something to compress for.
struct Compressed : Hostile {
  Compressed() : Hostile(compressing()) {
    add(remote, "INBOX", 3, 4);
    mailCount += 3;
    program.configure(program.configuration() + "compress = YES\n");
  }
};

}  // namespace

TEST_CASE("deflate bombs, end to end") {
  NOT_THE_REFERENCE();
  struct {
    std::string name;
    std::function<std::string()> octets;
    ExitStatus status;
    std::string says;
  } table[] = {
      {"a body of zeros",
       [] { return "* 1 FETCH (UID 5 BODY[] {400000000}\r\n" + std::string(300 * kMega, '\0'); },
       ExitStatus::protocol, "remote: ERROR: DEFLATE: "},
      {"an endless line", [] { return "* X " + std::string(100 * kMega, 'a'); }, ExitStatus::protocol,
       "remote: ERROR: "},
      {"an endless FETCH response", [] { return "* 1 FETCH (UID 5 X (" + std::string(100 * kMega, 'a'); },
       ExitStatus::protocol, "remote: ERROR: "},
      {"noise",
       [] {
         std::string noise;
         for (int i = 0; i < 5'000'000; ++i) noise += "* 1 X\r\n";
         return noise;
       },
       ExitStatus::protocol, "remote: ERROR: "},
  };
  for (const auto& row : table) {
    CAPTURE(row.name);
    Compressed bed;
    bed.remote.on("UID FETCH .*BODY.PEEK\\[\\]", 1, {.octets = row.octets(), .alsoAnswer = true});
    Run run = bed.attacked({});
    INFO(run.log().substr(0, 4000));
    CHECK(std::ranges::any_of(bed.remote.commands(),
                              [](const std::string& each) { return each.starts_with("COMPRESS"); }));
    CHECK(run.exitStatus == static_cast<int>(row.status));
    CHECK(run.says(row.says));
    bed.checkRecovers();
  }
}

// The tagged OK of COMPRESS is followed by what is no DEFLATE.
TEST_CASE("after COMPRESS comes what is not compressed") {
  NOT_THE_REFERENCE();
  for (const std::string& octets :
       {std::string("{tag} OK go\r\n* BYE in clear\r\n"), "{tag} OK go\r\n" + std::string(1000, '\xff'),
        std::string("{tag} OK go\r\n\x07\x00\x00", 16), std::string("{tag} OK go\r\n")}) {
    CAPTURE(octets);
    Compressed bed;
    bed.remote.on("COMPRESS", 1, {.octets = octets, .close = true});
    Run run = bed.attacked({"--debug"});
    INFO(run.log());
    CHECK((run.exitStatus == static_cast<int>(ExitStatus::protocol) ||
           run.exitStatus == static_cast<int>(ExitStatus::unavailable)));
    CHECK(run.says("remote: ERROR: "));
    bed.checkRecovers();
  }
}
