// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/show/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <utility>

#include "ipc/failure.h"
#include "launch/show/escape.h"
#include "launch/show/journal.h"
#include "launch/show/json.h"
#include "launch/show/log_prefix.h"
#include "launch/show/readable.h"

namespace interimap {

namespace {

std::string_view levelText(LogLevel level) {
  switch (level) {
    case LogLevel::info:
    case LogLevel::notice:
    case LogLevel::debug: return "";
    case LogLevel::warning: return "WARNING: ";
    case LogLevel::error: return "ERROR: ";
  }
  return "";
}

}  // namespace

std::string timeStamp(const timespec& time) {
  tm local{};
  localtime_r(&time.tv_sec, &local);
  char stamp[64];
  static constexpr char kMonths[] = "JanFebMarAprMayJunJulAugSepOctNovDec";  // in any locale
  snprintf(stamp, sizeof stamp, "%.3s %2d %02d:%02d:%02d.%06ld ", kMonths + 3 * local.tm_mon, local.tm_mday,
           local.tm_hour, local.tm_min, local.tm_sec, time.tv_nsec / 1000);
  return stamp;
}

namespace {

std::string utc(const timespec& time) {
  tm parts{};
  gmtime_r(&time.tv_sec, &parts);
  char stamp[64];
  snprintf(stamp, sizeof stamp, "%04d-%02d-%02dT%02d:%02d:%02d.%06ldZ", parts.tm_year + 1900,
           parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, time.tv_nsec / 1000);
  return stamp;
}

std::string_view levelName(LogLevel level) {
  switch (level) {
    case LogLevel::info: return "info";
    case LogLevel::notice: return "notice";
    case LogLevel::warning: return "warning";
    case LogLevel::error: return "error";
    case LogLevel::debug: return "debug";
  }
  return "";
}

timespec now() {
  timespec time{};
  clock_gettime(CLOCK_REALTIME, &time);
  return time;
}

// 0600: at --debug the file holds mail, at --debug twice passwords.
Descriptor openLogfile(const std::string& path) {
  return Descriptor(open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600));
}

}  // namespace

std::string jsonLine(const timespec& time, LogLevel level, std::string_view component,
                     std::string_view mailbox, std::string_view text, const LogSubject& subject,
                     std::string_view instance) {
  JsonObject object;
  object.add("time", utc(time)).add("level", levelName(level));
  if (!instance.empty()) object.add("instance", instance);
  const std::string shown = readable(mailbox);
  object.add("component", component).add("mailbox", shown);
  if (shown != mailbox) object.add("wire", mailbox);
  object.add("text", level == LogLevel::debug ? std::string(text) : readable(text));
  if (component == "local" || component == "remote") object.add("side", component);
  if (subject.uid != 0) object.add("uid", std::uint64_t{subject.uid});
  if (subject.sender) object.add("sender", *subject.sender);
  for (auto& [name, value] : {std::pair("uids", &subject.uids), std::pair("messageId", &subject.messageId),
                              std::pair("recipient", &subject.recipient), std::pair("reply", &subject.reply)})
    if (!value->empty()) object.add(name, *value);
  return object.line();
}

namespace {

void addDone(JsonObject& object, const Synchronised& done) {
  object.add("mailboxes", done.mailboxes)
      .add("copiedToLocal", done.copiedToLocal)
      .add("copiedToRemote", done.copiedToRemote)
      .add("flagsUpdated", done.flagsUpdated)
      .add("expunged", done.expunged)
      .add("failed", done.failed)
      .add("held", std::uint64_t{done.held})
      .add("octets", done.octetsToLocal + done.octetsToRemote)
      .add("octetsToLocal", done.octetsToLocal)
      .add("octetsToRemote", done.octetsToRemote);
}

void addDone(JsonObject& object, const Pulled& done) {
  object.add("delivered", done.delivered)
      .add("deferred", done.deferred)
      .add("refused", done.refused)
      .add("unknown", done.unknown)
      .add("purged", done.purged)
      .add("octets", done.octets);
}

}  // namespace

std::string jsonLine(const timespec& time, const Summary& summary, std::string_view component,
                     std::string_view instance) {
  JsonObject object;
  object.add("time", utc(time)).add("level", "summary");
  if (!instance.empty()) object.add("instance", instance);
  if (!component.empty()) object.add("component", component);
  if (summary.exitStatus) object.add("exitStatus", static_cast<std::uint64_t>(*summary.exitStatus));
  object.add("milliseconds", static_cast<std::uint64_t>(summary.time.count()));
  if (summary.dryRun) object.add("dryRun", std::uint64_t{1});
  std::visit([&](const auto& done) { addDone(object, done); }, summary.done);
  return object.line();
}

Log::Log(Options options, ProgressLine& progress)
    : options_(std::move(options)), progress_(progress), toJournal_(isJournal(STDERR_FILENO)) {
  if (!options_.logfile) return;
  logfile_ = openLogfile(*options_.logfile);
  if (!logfile_)
    throw Failure(ExitStatus::cantCreate, "Can't open " + *options_.logfile + ": " + strerror(errno));
}

void Log::reopen() {
  if (!options_.logfile) return;
  if (Descriptor fresh = openLogfile(*options_.logfile))
    logfile_ = std::move(fresh);
  else
    line(LogLevel::warning, "Can't open " + *options_.logfile + ": " + strerror(errno));
}

void Log::line(LogLevel level, std::string_view component, std::string_view mailbox, std::string_view text,
               const LogSubject& subject) {
  if (level == LogLevel::info && options_.quiet) return;
  if (level == LogLevel::debug && !options_.debug) return;
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  text = text.substr(0, kMostLogText);
  if (component.empty()) component = options_.component;
  bool terminal = level != LogLevel::debug || !logfile_;
  timespec time = now();
  if (options_.json)
    return put(level, jsonLine(time, level, component, mailbox, text, subject, options_.instance), {},
               terminal);
  std::string line = options_.instance.empty() ? "" : escape(options_.instance + ": ");
  line += escape(logPrefix(options_.prefix, component, readable(mailbox)));
  line += levelText(level);
  line += escape(level == LogLevel::debug ? std::string(text) : readable(text));
  line += '\n';
  put(level, line, timeStamp(time), terminal);
}

void Log::summary(const Summary& summary) {
  if (options_.json)
    return put(LogLevel::info, jsonLine(now(), summary, options_.component, options_.instance), {}, true);
  if (!options_.summaries || !summary.exitStatus) return;
  const std::string text =
      summaryText(summary.done, summary.time, summary.dryRun ? Mood::conditional : Mood::indicative);
  if (!text.empty()) line(LogLevel::info, text);
}

void Log::put(LogLevel level, std::string_view line, std::string_view stamp, bool terminal) {
  if (logfile_) write(logfile_.get(), std::string(stamp) + std::string(line));
  if (!terminal) return;
  const std::string_view priority = toJournal_ ? journalPriority(level) : "";
  write(STDERR_FILENO, std::string(progress_.makeWay()) + std::string(priority) + std::string(line));
}

// A log that cannot be written is no reason to stop synchronising.
void Log::write(int fd, std::string_view line) {
  while (!line.empty()) {
    ssize_t n = ::write(fd, line.data(), line.size());
    if (n > 0) {
      line.remove_prefix(static_cast<std::size_t>(n));
    } else if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      pollfd wait{fd, POLLOUT, 0};
      poll(&wait, 1, -1);
    } else if (n == 0 || errno != EINTR) {
      return;
    }
  }
}

}  // namespace interimap
