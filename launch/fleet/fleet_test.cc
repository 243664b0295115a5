// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/fleet/fleet.h"

#include <doctest/doctest.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <new>

#include "launch/run/await_asked.h"
#include "launch/run/captured_stderr.h"

using namespace interimap;
using namespace std::chrono_literals;

namespace {

// Seen by all processes of a test.
struct Shared {
  std::atomic<int> begun{0}, running{0}, most{0};

  static Shared* make() {
    void* memory = mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    REQUIRE(memory != MAP_FAILED);
    return new (memory) Shared;
  }
};

struct Outcome {
  Results results;
  Asked asked = Asked::nothing;
  std::string log, heard;
};

struct Test {
  Fleet::Options options;
  std::string list;
  Fleet::Life life;
  std::function<void(Fleet&)> before = {};
  std::function<std::variant<std::monostate, AccountList, Asked>(bool wanted, Fleet& fleet)> reload = {};

  Outcome run() const {
    Outcome outcome;
    sigset_t mask;
    sigprocmask(SIG_SETMASK, nullptr, &mask);
    {
      int ends[2];
      REQUIRE(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
      Descriptor manager(ends[0]);
      CapturedStderr captured;
      ProgressLine nowhere(-1);
      Signals signals;
      Service service(Descriptor(ends[1]), 60s);
      Fleet fleet(options, nowhere, signals, service, life);
      if (before) before(fleet);
      outcome.asked = fleet.run(AccountList::parse(list, "l"), [&](bool wanted) {
        return reload ? reload(wanted, fleet) : std::monostate();
      });
      outcome.results = fleet.results();
      char message[2048];
      for (ssize_t n; (n = recv(manager.get(), message, sizeof message, 0)) > 0;)
        outcome.heard += std::string(message, static_cast<std::size_t>(n)) + "\n";
      outcome.log = captured.text();
    }
    sigprocmask(SIG_SETMASK, &mask, nullptr);
    return outcome;
  }
};

bool has(const std::string& text, const std::string& part) {
  CAPTURE(text);
  CAPTURE(part);
  bool found = text.find(part) != text.npos;
  CHECK(found);
  return found;
}

}  // namespace

TEST_CASE("fleet: each account lives once, so many at a time, and one that dies stops none") {
  Shared* shared = Shared::make();
  Outcome outcome = Test{
      {.jobs = 3}, "name;p\na;x\nb;x\nc;x\nd;x\ne;x\nf;x\ng;x\n", [&](Instance account, Service& service) {
        ++shared->begun;
        int now = ++shared->running, most = shared->most;
        while (now > most && !shared->most.compare_exchange_weak(most, now)) continue;
        usleep(20'000);
        --shared->running;
        if (account.name == "b") return 77;
        if (account.name == "c") kill(getpid(), SIGKILL);
        if (account.name == "d") throw std::runtime_error("x");
        service.status("did " + std::string(account.find("p")->reveal()));
        return 0;
      }}.run();
  CHECK(shared->begun == 7);
  CHECK(shared->most == 3);
  CHECK(outcome.asked == Asked::nothing);
  CHECK(outcome.results.line() == "7 accounts: 4 done, 3 failed");
  CHECK(outcome.results.accounts["a"].text == "did x");
  CHECK(outcome.results.accounts["b"].status == 77);
  CHECK(outcome.results.accounts["c"].status == 70);
  CHECK(outcome.results.accounts["c"].text == "killed by signal SIGKILL");
  CHECK(outcome.results.accounts["d"].status == 70);
  has(outcome.log, "c: ERROR: ended with status 70: killed by signal SIGKILL\n");
  has(outcome.log, "e: Done in 0.");
}

TEST_CASE("fleet: what may pass is tried again, and what came of the last attempt counts") {
  Shared* shared = Shared::make();
  Outcome outcome = Test{
      {.jobs = 1, .quiet = true}, "a\nb\n", [&](Instance account, Service& service) {
        if (account.name == "b") return 0;
        service.status("locked");
        return ++shared->begun == 1 ? 75 : 0;
      }}.run();
  CHECK(shared->begun == 2);
  CHECK(outcome.results.status() == 0);
  CHECK(outcome.results.accounts["a"].attempts == 2);
  CHECK(outcome.log == "a: WARNING: ended with status 75; will be tried again: locked\n");
}

TEST_CASE("fleet: asked to stop, it starts no more, and those that run end in order") {
  for (int number : {SIGTERM, SIGINT}) {
    Shared* shared = Shared::make();
    Outcome outcome = Test{
        {.jobs = 2}, "a\nb\nc\nd\n", [&](Instance account, Service&) {
          if (account.name == "a") return 0;
          if (++shared->begun == 2) kill(getppid(), number);
          const int status = awaitAsked();
          shared->running += status == (number == SIGINT ? 1 : 0);
          return status;
        }}.run();
    CHECK(outcome.asked == (number == SIGINT ? Asked::interrupt : Asked::terminate));
    CHECK(shared->begun == 2);
    CHECK(shared->running == 2);
    CHECK(outcome.results.line() == "4 accounts: 1 done, 3 left");
    CHECK(outcome.results.status() == 75);
  }
}

TEST_CASE("fleet: watchers appear and vanish with the list, and one whose line changed is another one") {
  Shared* shared = Shared::make();
  int reloads = 0;
  Outcome outcome = Test{
      {.jobs = 1, .watching = true},
      "a;1\nb;1\nc;1\n",
      [&](Instance account, Service& service) {
        if (account.name == "c" && account.find("user")->reveal() == "1") return 77;
        ++shared->begun;
        ++shared->running;
        service.ready();
        service.status("Waiting for news");
        int status = awaitAsked();
        --shared->running;
        return status;
      },
      [](Fleet& fleet) { fleet.reload(); },
      [&](bool wanted, Fleet& fleet) -> std::variant<std::monostate, AccountList, Asked> {
        CHECK(wanted);
        fleet.reload();
        usleep(1000);
        if (reloads == 0 && (shared->begun < 2 || !fleet.results().accounts.contains("c")))
          return std::monostate();
        // b was left alone, c came back, d is new; until all have been heard.
        if (reloads > 300 && shared->running == 3) kill(getpid(), SIGTERM);
        if (++reloads > 1) return std::monostate();
        return AccountList::parse("d;1\nb;1\nc;2\n", "l");
      }}.run();
  CHECK(outcome.asked == Asked::terminate);
  CHECK(shared->begun == 4);
  CHECK(shared->running == 0);
  has(outcome.log, "a: Is not in the list of accounts any more\n");
  has(outcome.log, "c: ERROR: ended with status 77\n");
  for (const char* part : {"READY=1\n", "STATUS=3 of 3 accounts watched\n", "STOPPING=1\n"})
    has(outcome.heard, part);
}
