# Shared by .ci/build and ./verify, which source it with $root set: makes sure that the tools are there.
# As root on a Debian it installs what is missing; otherwise it says what to install. All of it goes to stderr.

BUILD_PACKAGES='openjdk-17-jdk-headless maven gcc libc6-dev'
BUILD_PROGRAMS='mvn gcc'
TEST_PACKAGES='bash curl git iproute2 iptables iputils-ping make netcat-openbsd procps python3 util-linux'
TEST_PROGRAMS='bash curl git ip iptables make nc ping ps python3 setpriv cc'

# Where Debian has iptables and ip, which an ordinary user's PATH does not name.
PATH=$PATH:/usr/sbin:/sbin

say() {
    printf 'secfilt: %s\n' "$*" >&2
}

# Prints the home of a JDK of version 17 or later. Debian's mvn would take whatever java is the default.
find_jdk() {
    for home in "${JAVA_HOME:-}" "$(readlink -f "$(command -v javac 2> /dev/null)" 2> /dev/null | sed 's,/bin/javac$,,')" \
        /usr/lib/jvm/*; do
        [ -x "$home/bin/javac" ] || continue
        version=$("$home/bin/javac" -version 2>&1) || continue
        version=${version#javac }
        version=${version%%[!0-9]*}
        if [ "${version:-0}" -ge 17 ]; then
            printf '%s\n' "$home"
            return 0
        fi
    done
    return 1
}

# Prints the programs of a list that are not there.
lacking() {
    for program; do
        command -v "$program" > /dev/null 2>&1 || printf '%s ' "$program"
    done
}

# Prints what is lacking to build (and, with "tests", to test): empty if nothing is.
missing_tools() {
    find_jdk > /dev/null || printf 'javac-17 '
    # shellcheck disable=SC2086 # lists of words
    lacking $BUILD_PROGRAMS
    # The stub is linked statically: the archive of the C library must be there, and its headers.
    case $(gcc -print-file-name=libc.a 2> /dev/null) in
        */*) ;;
        *) printf 'libc.a ' ;;
    esac
    [ "${1:-}" != tests ] || lacking $TEST_PROGRAMS
}

# Makes sure of the tools for the build, and with "tests" for the tests too; sets JAVA_HOME for Maven.
# Returns 1 after saying what to install.
prepare() {
    missing=$(missing_tools "$@")
    if [ -n "$missing" ]; then
        packages=$BUILD_PACKAGES
        [ "${1:-}" != tests ] || packages="$packages $TEST_PACKAGES"
        if [ "$(id -u)" -ne 0 ] || ! command -v apt-get > /dev/null 2>&1; then
            say "missing: ${missing% }"
            say "install them, on Debian as root: apt-get install $packages"
            return 1
        fi
        say "installing (missing: ${missing% })"
        # shellcheck disable=SC2086
        (
            export DEBIAN_FRONTEND=noninteractive
            apt-get -qq update && apt-get -qq -o Dpkg::Use-Pty=0 install -y --no-install-recommends $packages
        ) < /dev/null >&2 || return 1
        missing=$(missing_tools "$@")
        if [ -n "$missing" ]; then
            say "still missing after the installation: ${missing% }"
            return 1
        fi
    fi
    JAVA_HOME=$(find_jdk)
    export JAVA_HOME
}
