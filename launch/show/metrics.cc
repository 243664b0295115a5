// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/show/metrics.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <variant>

#include "launch/show/escape.h"
#include "launch/show/replaced_file.h"

namespace interimap {

namespace {

constexpr std::size_t kLargest = 1 << 16;  // of the file: more than we write
constexpr mode_t kMode = 0644;             // whoever collects them is somebody else

// As the value of a label: what escape() leaves has no line end. Not quoted(): g++ 14 finds that of the
// library.
std::string inQuotes(std::string_view text) {
  std::string all = "\"";
  for (char c : escape(text)) {
    if (c == '"' || c == '\\') all += '\\';
    all += c;
  }
  return all + "\"";
}

class Page {
 public:
  Page(std::string_view before, const char* prefix, const std::pair<const char*, std::string>& label)
      : before_(before), prefix_(prefix), label_(std::string(label.first) + "=" + inQuotes(label.second)) {}

  Page& gauge(const char* name, const char* help, const std::string& value) {
    return head(name, help, "gauge").line(name, "", value);
  }
  Page& gauge(const char* name, const char* help, std::uint64_t value) {
    return gauge(name, help, std::to_string(value));
  }
  Page& counter(const char* name, const char* help, std::uint64_t more) {
    return head(name, help, "counter").add(name, "", more);
  }
  Page& head(const std::string& name, const char* help, const char* type) {
    text_ += "# HELP " + prefix_ + name + " " + help + "\n# TYPE " + prefix_ + name + " " + type + "\n";
    return *this;
  }
  // To what was there before.
  Page& add(const char* name, const std::string& label, std::uint64_t more) {
    return line(name, label, std::to_string(before(name, label).value_or(0) + more));
  }
  // Nothing for what is no number, or one that is close to the end of them.
  std::optional<std::uint64_t> before(const char* name, const std::string& label = {}) const {
    const std::string wanted = series(name, label);
    for (std::string_view rest = before_; !rest.empty();) {
      const auto end = rest.find('\n');
      if (end == rest.npos) return std::nullopt;
      std::string_view value = rest.substr(0, end);
      rest.remove_prefix(end + 1);
      if (!value.starts_with(wanted)) continue;
      value.remove_prefix(wanted.size());
      std::uint64_t number = 0;
      auto [last, error] = std::from_chars(value.data(), value.data() + value.size(), number);
      const bool whole = error == std::errc() && last == value.data() + value.size();
      return whole && number < UINT64_MAX / 2 ? std::optional(number) : std::nullopt;
    }
    return std::nullopt;
  }

  std::string text() const { return text_; }

 private:
  std::string series(const char* name, const std::string& label) const {
    return prefix_ + name + "{" + label_ + label + "} ";
  }
  Page& line(const char* name, const std::string& label, const std::string& value) {
    text_ += series(name, label) + value + "\n";
    return *this;
  }

  std::string_view before_;
  std::string prefix_, label_, text_;
};

std::string seconds(std::chrono::milliseconds time) {
  const std::string thousandths = std::to_string(1000 + time.count() % 1000);
  return std::to_string(time.count() / 1000) + "." + thousandths.substr(1);
}

void put(Page& page, const Synchronised& more) {
  page.gauge("mailboxes", "Mailboxes that are synchronised.", more.mailboxes)
      .gauge("held", "Mailboxes that are left alone, or nothing is expunged in, until somebody decides.",
             more.held)
      .head("messages_copied_total", "Messages that were copied.", "counter")
      .add("messages_copied_total", ",to=\"local\"", more.copiedToLocal)
      .add("messages_copied_total", ",to=\"remote\"", more.copiedToRemote)
      .counter("flags_updated_total", "Changes of flags that were carried over.", more.flagsUpdated)
      .counter("messages_expunged_total", "Messages that were expunged.", more.expunged)
      .counter("octets_total", "Octets of the messages that were copied.",
               more.octetsToLocal + more.octetsToRemote);
}

void put(Page& page, const Pulled& more) {
  page.gauge("deferred", "Messages that wait to be delivered.", more.deferred)
      .gauge("refused", "Messages that were refused for good, and wait for somebody.", more.refused)
      .counter("messages_delivered_total", "Messages that were delivered.", more.delivered)
      .counter("messages_unknown_total", "Messages of which it is not known whether they were.", more.unknown)
      .counter("messages_purged_total", "Messages that were deleted after they were delivered.", more.purged)
      .counter("octets_total", "Octets of the messages that were delivered.", more.octets);
}

// Of what is added to, not of what it is now.
void forget(Synchronised& more) { more = {.mailboxes = more.mailboxes, .held = more.held}; }
void forget(Pulled& more) { more = {.deferred = more.deferred, .refused = more.refused}; }

}  // namespace

void Metrics::add(const Synchronised& done) {
  interimap::add(std::get<Synchronised>(more_), done);
  failed_ = done.failed;
  waiting_ = done.waiting;
  last_.reset();
}

void Metrics::add(const Pulled& done, std::int64_t now) {
  interimap::add(std::get<Pulled>(more_), done);
  failed_ = done.deferred + done.refused + done.unknown;
  waiting_ = done.waiting;
  last_.reset();
  if (waiting_ && failed_ == 0) success_ = now;
}

void Metrics::ended(const Run& run) {
  last_ = run;
  if (run.exitStatus == 0) success_ = run.at;
}

void Metrics::write() {
  std::ifstream file(path_, std::ios::binary);
  std::string before(kLargest, '\0');
  file.read(before.data(), static_cast<std::streamsize>(before.size()));
  before.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  replaceFile(path_, text(before), kMode);
  std::visit([](auto& more) { forget(more); }, more_);
}

std::string Metrics::text(std::string_view before) const {
  Page page(before, std::holds_alternative<Pulled>(more_) ? "pullimap_" : "interimap_", label_);
  constexpr const char* kSuccess = "last_success_timestamp_seconds";
  auto success = lastSuccess_ ? lastSuccess_() : success_;
  if (!success && !lastSuccess_) success = page.before(kSuccess);
  if (success) page.gauge(kSuccess, "When a run was last successful as a whole.", std::to_string(*success));
  if (last_)
    page.gauge("last_run_timestamp_seconds", "When the last run ended.",
               static_cast<std::uint64_t>(last_->at))
        .gauge("last_run_duration_seconds", "How long the last run took.", seconds(last_->time))
        .gauge("last_run_exit_status", "The exit status of the last run.",
               static_cast<std::uint64_t>(last_->exitStatus));
  page.gauge("waiting", "Whether it watches, there is nothing to do, and news is waited for.",
             waiting_ && !last_ ? 1 : 0)
      .gauge("failed", "What could not be done in the last run or look.", failed_);
  std::visit([&](const auto& more) { put(page, more); }, more_);
  return page.text();
}

}  // namespace interimap
