// The option syntax of both programs: no abbreviations, long options "--name", "--name=value" or "--name
// value", single letters that may be bundled, "--" to end them.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace interimap {

struct Option {
  enum class Value {
    none,
    text,    // required; may be empty, may start with a dash
    number,  // optional; taken from the next argument only if that looks like a number
  };
  std::string_view name;
  char letter = 0;  // 0: has none
  Value value = Value::none;
};

enum class Ordering {
  strict,    // the first argument that is no option ends them, as POSIX has it
  anywhere,  // options may follow other arguments
};

struct Scanned {
  struct Given {
    std::string_view name;  // of the Option
    std::optional<std::string> value;
  };
  std::vector<Given> given;            // in their order, repeated ones too
  std::vector<std::string> arguments;  // what is no option
  std::vector<std::string> errors;     // one line each, for the user
};

// `words` without the program's name.
Scanned scanOptions(std::span<const std::string_view> words, std::span<const Option> options,
                    Ordering ordering);

}  // namespace interimap
