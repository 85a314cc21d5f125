#!/bin/sh
# Builds the stub: native-stubs/build.sh OUTPUT. Static, so that it starts in well under a millisecond and
# needs nothing of the machine it is copied to.
set -eu
here=${0%/*}
mkdir -p "${1%/*}"
exec "${CC:-gcc}" -std=c11 -D_GNU_SOURCE -Os -Wall -Wextra -Werror \
    -static -s -ffunction-sections -fdata-sections -Wl,--gc-sections \
    -o "$1" "$here/secfilt.c" "$here/orphan.c" "$here/supervisor.c" "$here/hold.c" "$here/script.c" "$here/words.c" "$here/keeper.c" "$here/reaper.c" "$here/network.c"
