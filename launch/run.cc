#include "launch/run.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "ipc/failure.h"
#include "launch/traffic.h"
#include "sandbox/sandbox.h"

namespace interimap {

namespace {

using namespace std::chrono_literals;

// How long sync may take to leave the database in order once it has been told to stop or a server is gone.
constexpr auto kPatienceWithSync = 10s;
// A net holds nothing worth waiting for once sync is gone, but it may be stuck in connect().
constexpr auto kPatienceWithNet = 2s;
// Packets read from one worker before the others have their turn.
constexpr int kPacketsInTurn = 64;

Descriptor catchSignals() {
  sigset_t caught;
  sigemptyset(&caught);
  for (int each : {SIGTERM, SIGINT, SIGCHLD}) {
    sigaddset(&caught, each);
    signal(each, SIG_DFL);  // what is ignored would not be caught: a shell's "command &" ignores SIGINT
  }
  signal(SIGPIPE, SIG_IGN);
  sigprocmask(SIG_BLOCK, &caught, nullptr);
  Descriptor fd(signalfd(-1, &caught, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd) throw Failure(ExitStatus::internal, "signalfd");
  return fd;
}

}  // namespace

Run::Run(Log& log, ProgressLine& progress) : log_(log), progress_(progress), signals_(catchSignals()) {}

int Run::run(RunSettings settings) {
  start(std::move(settings));
  while (running()) {
    wait();
    killLate();
  }
  readSignals();  // one that came with the last worker's death may be its cause
  progress_.erase();
  auto status = outcome(ends_, asked_);
  if (!status) log_.line(LogLevel::error, "the workers ended without saying why");
  return status.value_or(static_cast<int>(ExitStatus::internal));
}

void Run::start(RunSettings settings) {
  auto [syncToLocal, localToSync] = Channel::pair();
  auto [syncToRemote, remoteToSync] = Channel::pair();
  auto add = [&](Role role, Descriptor peer, Descriptor second = {}) -> Member& {
    std::vector<Descriptor> peers;
    peers.push_back(std::move(peer));
    if (second) peers.push_back(std::move(second));
    members_.push_back({role, spawn(settings.workers, role, std::move(peers))});
    return members_.back();
  };
  send(add(Role::sync, std::move(syncToLocal), std::move(syncToRemote)), {std::move(settings.sync)});
  send(add(Role::local, std::move(localToSync)), {std::move(settings.local)});
  send(add(Role::remote, std::move(remoteToSync)), {std::move(settings.remote)});
}

bool Run::running() const { return !std::ranges::all_of(members_, &Member::gone); }

void Run::wait() {
  std::optional<Clock::time_point> until = progress_.due();
  std::vector<pollfd> fds{{signals_.get(), POLLIN, 0}};
  for (const Member& member : members_) {
    const auto& channel = member.worker.channel;
    short events = channel && channel->sending() ? POLLIN | POLLOUT : POLLIN;
    fds.push_back({channel ? channel->fd() : -1, events, 0});
    if (!member.gone && member.killAt && (!until || *member.killAt < *until)) until = member.killAt;
  }
  int timeout = -1;
  if (until)
    timeout = static_cast<int>(
        std::max(0ms, std::chrono::ceil<std::chrono::milliseconds>(*until - Clock::now())).count());
  if (poll(fds.data(), fds.size(), timeout) < 0) return;

  for (std::size_t i = 0; i < members_.size(); ++i) {
    if (fds[i + 1].revents & POLLOUT) flush(members_[i]);
    if (fds[i + 1].revents & (POLLIN | POLLHUP | POLLERR)) serve(members_[i]);
  }
  if (fds[0].revents) readSignals();
  if (auto due = progress_.due(); due && *due <= Clock::now()) progress_.draw(Clock::now());
}

void Run::serve(Member& member) {
  try {
    for (int packets = 0; packets < kPacketsInTurn && member.worker.channel; ++packets) {
      auto packet = member.worker.channel->receive();
      if (!packet) return;
      handle(member, readReport(std::move(*packet)));
    }
  } catch (const PeerGone&) {
    member.worker.channel.reset();
  } catch (const PeerViolation& violated) {
    violation(member, violated.what());
  }
}

void Run::violation(Member& member, const char* what) {
  member.worker.channel.reset();
  member.violated = true;
  log_.line(LogLevel::error, roleName(member.role), {},
            std::string("broke the protocol between us: ") + what);
  if (!member.gone) kill(member.worker.pid, SIGKILL);
}

void Run::handle(Member& member, const Report& report) {
  if (auto line = std::get_if<LogLine>(&report.what)) {
    handle(member, *line);
  } else if (auto traffic = std::get_if<Traffic>(&report.what)) {
    log_.line(LogLevel::info, roleName(member.role), {}, trafficText(*traffic));
  } else if (auto ended = std::get_if<Ended>(&report.what)) {
    member.said = ended->status;
  } else if (member.role != Role::sync) {
    throw PeerViolation("a report that is not its to make");
  } else if (auto progress = std::get_if<Progress>(&report.what)) {
    progress_.update(*progress, Clock::now());
  } else if (std::holds_alternative<Locked>(report.what)) {
    locked_ = true;
    for (Member& other : members_)
      if (other.role != Role::sync) send(other, {Go{}});
  }
}

void Run::handle(Member& member, const LogLine& line) {
  if (member.role != Role::sync) return log_.line(line.level, roleName(member.role), line.mailbox, line.text);
  for (std::string_view component : {"", "local", "remote", "database"})
    if (line.component == component) return log_.line(line);
  throw PeerViolation("a log line of no component");
}

void Run::send(Member& member, Order order) {
  if (!member.worker.channel) return;
  try {
    Packet packet = pack(std::move(order));
    if (packet.words.size() * sizeof packet.words[0] > Channel::kMostBytes)
      throw Failure(ExitStatus::config, "configuration and arguments are too long together");
    member.worker.channel->send(std::move(packet));
  } catch (const PeerGone&) {
    serve(member);  // it may have left a word
  }
}

void Run::flush(Member& member) {
  if (!member.worker.channel) return;
  try {
    member.worker.channel->flush();
  } catch (const PeerGone&) {
    serve(member);
  }
}

void Run::readSignals() {
  signalfd_siginfo each;
  while (read(signals_.get(), &each, sizeof each) == sizeof each) {
    if (each.ssi_signo == SIGTERM) stop(Asked::terminate);
    if (each.ssi_signo == SIGINT) stop(Asked::interrupt);
  }
  reap();
}

void Run::stop(Asked asked) {
  bool again = asked_ != Asked::nothing;
  if (!again) asked_ = asked;
  if (!again && asked == Asked::interrupt) log_.line(LogLevel::notice, "Interrupted system call");
  for (Member& member : members_) {
    if (again)
      hurry(member, 0s);  // whoever asks twice has no patience
    else if (member.role == Role::sync) {
      send(member, {Stop{}});
      hurry(member, kPatienceWithSync);
    }
  }
}

void Run::reap() {
  for (Member& member : members_) {
    int status = 0;
    if (!member.gone && waitpid(member.worker.pid, &status, WNOHANG) == member.worker.pid)
      bury(member, status);
  }
}

void Run::bury(Member& member, int waitStatus) {
  member.gone = true;
  // Its last words. Not up to the channel's end: a grandchild may hold that open.
  while (member.worker.channel) {
    pollfd more{member.worker.channel->fd(), POLLIN, 0};
    if (poll(&more, 1, 0) <= 0) break;
    serve(member);
  }
  member.worker.channel.reset();

  Death death{member.said, waitStatus, sandbox::readObituary(member.worker.obituary.get()),
              member.killed || member.violated};
  auto cause = causeOfDeath(death);
  if (cause) log_.line(LogLevel::error, roleName(member.role), {}, *cause);
  ends_.push_back({member.role, member.said, cause || member.violated});
  for (Member& other : members_) {
    if (!locked_ && member.role == Role::sync && other.role != Role::sync) send(other, {Stop{}});
    hurry(other, other.role == Role::sync ? kPatienceWithSync : kPatienceWithNet);
  }
}

void Run::hurry(Member& member, Clock::duration patience) {
  auto at = Clock::now() + patience;
  if (!member.gone && (!member.killAt || at < *member.killAt)) member.killAt = at;
}

void Run::killLate() {
  for (Member& member : members_) {
    if (member.gone || member.killed || !member.killAt || Clock::now() < *member.killAt) continue;
    member.killed = true;
    if (member.role == Role::sync)
      log_.line(LogLevel::warning, roleName(member.role), {}, "does not end, so it is killed");
    kill(member.worker.pid, SIGKILL);
    member.killAt.reset();
  }
}

}  // namespace interimap
