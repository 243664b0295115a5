// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/show/progress.h"

#include <doctest/doctest.h>
#include <unistd.h>

using namespace interimap;

namespace {

using namespace std::chrono_literals;
constexpr std::uint64_t kM = 1 << 20;

}  // namespace

TEST_CASE("progress text: how much of what; with sizes, the share of it") {
  const CopyRate none;
  CHECK(progressText({120, 1000, 3 * kM}, none) == "120 of 1000 messages, 3.00M");
  CHECK(progressText({5, 0, 10}, none) == "5 messages, 10");
  CHECK(progressText({120, 1000, 3 * kM, 25 * kM}, none) == "120 of 1000 messages, 3.00M of 25.00M (12%)");
  // More than was listed, and all of it: sizes are what servers say.
  CHECK(progressText({3, 4, 30, 20}, none) == "3 of 4 messages, 30 of 30 (99%)");
  CHECK(progressText({4, 4, 30, 20}, none) == "4 of 4 messages, 30");
  const std::uint64_t most = ~std::uint64_t{0};
  CHECK(progressText({most, most - 1, most, most}, none) ==
        "18446744073709551615 of 18446744073709551614 messages, 17179869184.00G of 17179869184.00G (99%)");
}

TEST_CASE("progress text: rate and time left go by the last seconds, and begin anew with another round") {
  const CopyRate::Clock::time_point start{};
  CopyRate rate;
  rate.note({1, 100, 0, 100 * kM}, start);
  CHECK_FALSE(rate.octets());
  rate.note({1, 100, kM, 100 * kM}, start + 500ms);
  CHECK_FALSE(rate.octets());  // too early to tell
  for (int tenth = 10; tenth <= 100; ++tenth)
    rate.note({1, 100, static_cast<std::uint64_t>(tenth) * kM / 10, 100 * kM}, start + tenth * 100ms);
  CHECK(progressText({10, 100, 10 * kM, 100 * kM}, rate) ==
        "10 of 100 messages, 10.00M of 100.00M (10%), 1.00M/s, 1 min 31 s left");
  // Twice as fast for longer than is looked back at.
  for (int second = 1; second <= 20; ++second)
    rate.note({1, 100, (10 + 2 * static_cast<std::uint64_t>(second)) * kM, 100 * kM},
              start + 10s + second * 1s);
  REQUIRE(rate.octets());
  CHECK(*rate.octets() == doctest::Approx(2.0 * kM));
  rate.note({1, 5, 10, 20}, start + 40s);
  CHECK_FALSE(rate.octets());
  // Nothing moves: no rate, and no time that would be for ever.
  rate.note({1, 5, 10, 20}, start + 50s);
  CHECK(progressText({1, 5, 10, 20}, rate) == "1 of 5 messages, 10 of 20 (50%)");
}

TEST_CASE("progress of mailboxes: the last that was told of, among all; what is done is told for good") {
  MailboxProgress mailboxes;
  const MailboxProgress::Clock::time_point start{};
  const Progress all{10, 100, 5 * kM, 100 * kM};
  CHECK_FALSE(mailboxes.text(all));
  CHECK_FALSE(mailboxes.note({1, 4, kM, 4 * kM, Component::remote, "INBOX"}, start));
  CHECK(mailboxes.text(all) == "5% of all; remote(INBOX): 1 of 4 messages, 1.00M of 4.00M (25%)");
  CHECK_FALSE(mailboxes.note({0, 2, 0, 0, Component::local, "Entw&APw-rfe\x1b"}, start + 1s));
  CHECK(mailboxes.text(all) == "5% of all; local(Entw\u00fcrfe\\x1B): 0 of 2 messages, 0");
  // The same name on the other side is another mailbox.
  CHECK_FALSE(mailboxes.note({1, 3, 0, 0, Component::local, "INBOX"}, start + 1s));
  CHECK_FALSE(mailboxes.note({2, 4, 3 * kM, 4 * kM, Component::remote, "INBOX"}, start + 2s));
  CHECK(mailboxes.text(all) ==
        "5% of all; remote(INBOX): 2 of 4 messages, 3.00M of 4.00M (75%), 1.00M/s, 2.0 s left");
  CHECK(mailboxes.note({4, 4, 4 * kM, 4 * kM, Component::remote, "INBOX"}, start + 3s) ==
        "Done: 4 messages (4.2 MB) in 3.0 s");
  CHECK(mailboxes.text(all) == "5% of all; local(Entw\u00fcrfe\\x1B): 0 of 2 messages, 0");
  // One that is done at once, and again.
  CHECK(mailboxes.note({1, 1, 10, 10, Component::remote, "INBOX"}, start + 9s) ==
        "Done: 1 message (10 B) in 0.00 s");
}

TEST_CASE("the progress line is drawn at most ten times a second and makes way for others") {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  auto written = [&] {
    char buffer[4096];
    ssize_t n = read(ends[0], buffer, sizeof buffer);
    return std::string(buffer, n > 0 ? static_cast<std::size_t>(n) : 0);
  };
  const CopyRate none;
  auto now = ProgressLine::Clock::now();
  {
    ProgressLine line(ends[1]);
    CHECK(line.makeWay() == "");
    line.show(progressText({1, 9, 0}, none), now);
    CHECK(written() == "\r\x1b[K1 of 9 messages, 0");
    CHECK_FALSE(line.due());
    line.show(progressText({2, 9, 0}, none), now + 10ms);
    line.show(progressText({3, 9, 0}, none), now + 20ms);
    REQUIRE(line.due());
    CHECK(*line.due() == now + 100ms);
    line.draw(now + 100ms);
    CHECK(written() == "\r\x1b[K3 of 9 messages, 0");
    CHECK(line.makeWay() == "\r\x1b[K");
    CHECK(line.makeWay() == "");
    line.show(progressText({4, 9, 0}, none), now + 300ms);
    written();
  }
  CHECK(written() == "\r\x1b[K");  // nothing is left at the end
  close(ends[0]);
  close(ends[1]);
}
