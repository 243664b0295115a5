// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/soak/soak.h"

#include <poll.h>
#include <signal.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <optional>
#include <random>
#include <sstream>
#include <stdexcept>

#include "tests/e2e/directory.h"
#include "tests/e2e/dovecot.h"
#include "tests/e2e/dovecot24.h"
#include "tests/e2e/interimap.h"
#include "tests/e2e/snapshot.h"
#include "tests/soak/traffic.h"
#include "tests/soak/vitals.h"

namespace interimap::soak {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto kSettleTimeout =
    300s;                    // longer than a few back-offs, and than until the program looks unasked
constexpr auto kQuiet = 3s;  // that long both sides have to stay equal
constexpr auto kLongestOutage = 3000;  // milliseconds
constexpr std::size_t kWorkers = 4;    // launch, sync, two nets
constexpr std::uint64_t kMemorySlack = 1 << 20;
constexpr double kMemoryFactor = 1.15;
constexpr std::size_t kDescriptorSlack = 2;

void sleepFor(std::chrono::milliseconds time) { poll(nullptr, 0, static_cast<int>(time.count())); }

std::string mebibytes(std::uint64_t octets) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f MiB", static_cast<double>(octets) / (1 << 20));
  return text;
}

template <typename T>
T median(std::vector<T> values) {
  if (values.empty()) return T{};
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2),
                   values.end());
  return values[values.size() / 2];
}

// What a server's log has to say against itself, "3 x ...", a line each; process numbers and names left out.
std::vector<std::string> complaints(const std::string& log) {
  std::map<std::string, int> kinds;
  std::istringstream lines(log);
  for (std::string line; std::getline(lines, line);) {
    for (const char* kind :
         {"Corrupted mailbox list index", "Corrupted transaction log", "duplicate transaction log",
          "view is inconsistent", "killed with signal 6", "killed with signal 11", "Panic:"}) {
      if (line.find(kind) != std::string::npos) ++kinds[kind];
    }
  }
  std::vector<std::string> result;
  for (const auto& [kind, times] : kinds) result.push_back(std::to_string(times) + " x " + kind);
  return result;
}

// A server that is away now and then.
struct Outages {
  std::chrono::seconds every;
  Clock::time_point next;
  std::optional<Side> away;
  Clock::time_point back;
  std::uint64_t count = 0;
};

class Soak {
 public:
  Soak(const Plan& plan, const std::function<void(const std::string&)>& say)
      : plan_(plan),
        say_(say),
        accounts_{Account(server("local", '/', "maildir"), "alice", '/'),
                  Account(server("remote", '.', "sdbox"), "bob", '.')},
        program_(directory_ / "program", bed::cleartext(accounts_[0].server().imap, "alice"),
                 bed::cleartext(accounts_[1].server().imap, "bob")),
        traffic_(accounts_[0], accounts_[1], program_, plan.seed,
                 [this](const std::string& what) { trace(what); }),
        random_(plan.seed ^ 0x736f616b) {}

  Result run();

 private:
  Server server(const char* name, char delimiter, const std::string& format);
  std::chrono::duration<double> elapsed() const { return Clock::now() - begin_; }
  std::string log() const { return bed::readFile(program_.directory() / "stderr"); }
  void trace(const std::string& what);
  void work();
  void outages();
  void sample();
  void tell();
  void settle();
  void judge();
  void fault(const std::string& what) { result_.faults.push_back(what); }
  std::vector<Vitals> quarter(int number) const;  // 1 to 4

  Plan plan_;
  std::function<void(const std::string&)> say_;
  bed::Directory directory_;
  std::optional<bed::Directory> place_;  // of newer servers
  Account accounts_[2];
  bed::Interimap program_;
  Traffic traffic_;
  std::mt19937_64 random_;
  bed::BackgroundProcess watcher_;
  Clock::time_point begin_ = Clock::now(), sampled_, told_;
  Outages outages_;
  std::vector<Vitals> samples_;
  Result result_;
};

Server Soak::server(const char* name, char delimiter, const std::string& format) {
  if (!plan_.newer) {
    bed::DovecotOptions options{.delimiter = delimiter, .mailLocation = format + ":~/" + format};
    return Server::of(std::make_shared<bed::Dovecot>(directory_ / name, options));
  }
  std::optional<bed::Debian13> debian = bed::Debian13::find();
  if (!debian) throw std::runtime_error("no Debian 13 here");
  if (!place_) place_.emplace(debian->servers());
  bed::Dovecot24Options options{.delimiter = delimiter, .mailDriver = format};
  return Server::of(std::make_shared<bed::Dovecot24>(*debian, *place_ / name, options));
}

Result Soak::run() {
  traffic_.populate();
  bed::Run first = program_.run({});  // a watcher makes no database
  if (first.exitStatus != 0) throw std::runtime_error("first run: " + first.log());
  std::vector<std::string> arguments{plan_.mode == "notify" ? "--notify" : "--watch=1"};
  if (plan_.debug) arguments.push_back("--debug");
  watcher_ = program_.runInBackground(arguments);
  say_("interimap " + arguments[0] + " in " + directory_.path().string() + ", seed " +
       std::to_string(plan_.seed) + ", " + std::to_string(plan_.time.count()) + " s");
  begin_ = told_ = sampled_ = Clock::now();
  outages_.every =
      plan_.between > 0s ? plan_.between : std::clamp<std::chrono::seconds>(plan_.time / 10, 12s, 360s);
  outages_.next = begin_ + outages_.every;
  try {
    work();
    settle();
  } catch (const std::exception& e) {
    fault(e.what());
  }
  judge();
  say_(traffic_.counts());
  result_.changes = traffic_.changes();
  result_.restarts = outages_.count;
  result_.log = log();
  return result_;
}

void Soak::trace(const std::string& what) {
  if (!plan_.debug) return;
  char time[32];
  std::snprintf(time, sizeof time, "%.3f ", elapsed().count());
  say_(time + what);
}

// Evenly, but for a burst now and then, which is faster than the program can follow.
void Soak::work() {
  unsigned burst = 0;
  double due = 0;
  while (elapsed() < plan_.time) {
    if (!watcher_.running()) throw std::runtime_error("the program has ended");
    traffic_.step();
    outages();
    sample();
    tell();
    due += 1 / plan_.rate;
    if (burst > 0) {
      --burst;
      continue;
    }
    if (random_() % 100 == 0) burst = 30;
    double ahead = due - elapsed().count();
    if (ahead < -10) due = elapsed().count();  // the machine was busy: do not make up for it
    if (ahead > 0) sleepFor(std::chrono::milliseconds(std::lround(std::min(ahead, 5.0) * 1000)));
  }
  if (outages_.away) {
    accounts_[static_cast<std::size_t>(*outages_.away)].server().start();
    accounts_[static_cast<std::size_t>(*outages_.away)].setAvailable(true);
  }
}

// The sides in turns; killed, or shut down, and away for up to some seconds.
void Soak::outages() {
  if (outages_.away && Clock::now() > outages_.back) {
    Account& account = accounts_[static_cast<std::size_t>(*outages_.away)];
    account.server().start();
    account.setAvailable(true);
    outages_.away.reset();
    trace("the server is back");
  }
  if (outages_.away || Clock::now() < outages_.next) return;
  Side side = outages_.count % 2 == 0 ? Side::local : Side::remote;
  Account& account = accounts_[static_cast<std::size_t>(side)];
  account.setAvailable(false);
  const bool kill = random_() % 2 == 0;
  trace((side == Side::local ? "local" : "remote") + std::string(kill ? ": killed" : ": shut down"));
  kill ? account.server().kill() : account.server().shutDown();
  traffic_.outage();
  outages_.away = side;
  outages_.back = Clock::now() + std::chrono::milliseconds(random_() % kLongestOutage);
  outages_.next = Clock::now() + outages_.every;
  ++outages_.count;
}

void Soak::sample() {
  if (Clock::now() - sampled_ < std::min<std::chrono::milliseconds>(plan_.time / 60, 5s)) return;
  sampled_ = Clock::now();
  samples_.push_back(vitalsOf(watcher_.pid()));
}

void Soak::tell() {
  if (Clock::now() - told_ < 60s) return;
  told_ = Clock::now();
  const Vitals now = vitalsOf(watcher_.pid());
  char line[256];
  std::snprintf(line, sizeof line,
                "%5.0f s: %llu changes, %zu messages, %llu restarts; %zu processes, %s resident, %s "
                "proportional, %zu descriptors; ",
                elapsed().count(), static_cast<unsigned long long>(traffic_.changes()),
                traffic_.ledger().living(), static_cast<unsigned long long>(outages_.count), now.processes,
                mebibytes(now.resident).c_str(), mebibytes(now.proportional).c_str(), now.descriptors);
  say_(line + traffic_.counts());
}

// Until both sides have been equal for a while.
void Soak::settle() {
  const Clock::time_point from = Clock::now();
  Clock::time_point equalSince = from;
  std::string differing = "not compared";
  while (!differing.empty() || Clock::now() - equalSince < kQuiet) {
    if (!watcher_.running()) throw std::runtime_error("the program has ended");
    if (Clock::now() - from > kSettleTimeout) throw std::runtime_error("still unequal:\n" + differing);
    const bool were = differing.empty();
    try {
      differing = difference(accounts_[0].snapshot(), accounts_[1].snapshot());
    } catch (const std::runtime_error& gone) {  // expunged while we looked
      differing = gone.what();
    }
    if (!were) equalSince = Clock::now();
    sleepFor(500ms);
  }
  char line[64];
  std::snprintf(line, sizeof line, "equal %.1f s after the last change",
                std::chrono::duration<double>(equalSince - from).count());
  say_(line);
}

std::vector<Vitals> Soak::quarter(int number) const {
  std::size_t n = samples_.size(), q = static_cast<std::size_t>(number);
  std::vector<Vitals> whole;
  for (std::size_t i = n * (q - 1) / 4; i < n * q / 4; ++i) {
    if (samples_[i].processes == kWorkers) whole.push_back(samples_[i]);  // else it is just starting again
  }
  return whole;
}

void Soak::judge() {
  if (watcher_.running()) {
    watcher_.signal(SIGTERM);
    bed::Outcome outcome = watcher_.wait(30s);
    if (outcome.exitStatus != 0) fault("after SIGTERM: exit status " + std::to_string(outcome.exitStatus));
  }
  bed::Run idle = program_.run();
  if (idle.exitStatus != 0)
    fault("one run more: exit status " + std::to_string(idle.exitStatus) + "\n" + idle.log());
  if (!idle.changes().empty()) fault("one run more found things to do:\n" + idle.changes());
  const bed::Snapshot here = accounts_[0].snapshot(), there = accounts_[1].snapshot();
  result_.messages = here.messages();
  if (std::string differing = difference(here, there); !differing.empty()) fault("unequal:\n" + differing);
  for (const std::string& line : traffic_.ledger().faults(here)) fault("local " + line);
  for (const std::string& line : traffic_.ledger().faults(there)) fault("remote " + line);

  for (const std::string& line : complaints(accounts_[0].server().log())) say_("local server: " + line);
  for (const std::string& line : complaints(accounts_[1].server().log())) say_("remote server: " + line);

  auto of = [](const std::vector<Vitals>& samples, auto member) {
    std::vector<std::uint64_t> values;
    for (const Vitals& v : samples) values.push_back(v.*member);
    return median(values);
  };
  const std::vector<Vitals> second = quarter(2), last = quarter(4);
  const bool complete =
      std::all_of(samples_.begin(), samples_.end(), [](const Vitals& v) { return v.complete; });
  const std::uint64_t resident[] = {of(second, &Vitals::resident), of(last, &Vitals::resident)};
  const std::uint64_t descriptors[] = {of(second, &Vitals::descriptors), of(last, &Vitals::descriptors)};
  say_("medians of the second and the last quarter: " + mebibytes(resident[0]) + " and " +
       mebibytes(resident[1]) + " resident, " + mebibytes(of(second, &Vitals::proportional)) + " and " +
       mebibytes(of(last, &Vitals::proportional)) + " proportional, " + std::to_string(descriptors[0]) +
       " and " + std::to_string(descriptors[1]) + " descriptors" +
       (complete ? "" : " (those that may be seen)"));
  if (second.empty()) return say_("the program was hardly ever whole in the second quarter");
  if (static_cast<double>(resident[1]) > kMemoryFactor * static_cast<double>(resident[0]) + kMemorySlack) {
    fault("memory grows");
  }
  if (descriptors[1] > descriptors[0] + kDescriptorSlack) fault("descriptors grow");
}

}  // namespace

Result run(const Plan& plan, const std::function<void(const std::string&)>& say) {
  return Soak(plan, say).run();
}

}  // namespace interimap::soak
