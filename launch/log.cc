#include "launch/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ipc/failure.h"
#include "launch/escape.h"
#include "launch/log_prefix.h"

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

Log::Log(Options options, ProgressLine& progress) : options_(std::move(options)), progress_(progress) {
  if (!options_.logfile) return;
  // 0600: at --debug the file holds mail, at --debug twice passwords.
  logfile_ =
      Descriptor(open(options_.logfile->c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600));
  if (!logfile_)
    throw Failure(ExitStatus::cantCreate, "Can't open " + *options_.logfile + ": " + strerror(errno));
}

void Log::line(LogLevel level, std::string_view component, std::string_view mailbox, std::string_view text) {
  if (level == LogLevel::info && options_.quiet) return;
  if (level == LogLevel::debug && !options_.debug) return;
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  std::string line = escape(logPrefix(options_.prefix, component, mailbox));
  line += levelText(level);
  line += escape(text.substr(0, kMostLogText));
  line += '\n';
  if (logfile_) {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    write(logfile_.get(), timeStamp(now) + line);
    if (level == LogLevel::debug) return;
  }
  write(STDERR_FILENO, std::string(progress_.makeWay()) + line);
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
