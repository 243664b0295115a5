// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/run/spoken.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include "ipc/launch.h"

using namespace interimap;

namespace {

struct Pipe {
  Descriptor end;
  Spoken spoken;
  Pipe() {
    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
    spoken = Spoken(Descriptor(ends[0]));
    end = Descriptor(ends[1]);
  }
  void say(std::string_view text) {
    REQUIRE(write(end.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  }
};

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("what is said on standard error comes in lines") {
  Pipe pipe;
  CHECK(pipe.spoken.lines() == Lines{});
  pipe.say("one\n\ntwo\nthr");
  CHECK(pipe.spoken.lines() == Lines{"one", "two"});
  pipe.say("ee\nfour");
  CHECK(pipe.spoken.lines() == Lines{"three"});
  CHECK(pipe.spoken.fd() >= 0);
  pipe.end = {};
  CHECK(pipe.spoken.lines() == Lines{});
  CHECK(pipe.spoken.fd() == -1);
  CHECK(pipe.spoken.lastLines() == Lines{"four"});
}

TEST_CASE("the last that was said, whole or not") {
  Pipe pipe;
  CHECK(pipe.spoken.last() == "");
  pipe.say("one\ntwo\n");
  pipe.spoken.lines();
  CHECK(pipe.spoken.last() == "two");
  pipe.say("thr");
  pipe.spoken.lines();
  CHECK(pipe.spoken.last() == "thr");
  pipe.spoken.lastLines();
  CHECK(pipe.spoken.last() == "thr");
}

TEST_CASE("a line without end is cut, and a pipe that somebody still holds is not waited for") {
  Pipe pipe;
  pipe.say(std::string(kMostLogText + 1, 'x'));
  CHECK(pipe.spoken.lines() == Lines{std::string(kMostLogText, 'x')});
  CHECK(pipe.spoken.lastLines() == Lines{"x"});
  CHECK(pipe.spoken.fd() == -1);
}
