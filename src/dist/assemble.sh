#!/bin/sh
# Puts target/secfilt together: src/dist/assemble.sh TARGET JAVA_HOME, run by Maven in the package phase.
# TARGET holds native/secfilt (the stub), classes, libraries (unpacked), jffi (its native libraries), asm (a jar).
set -eu
target=$1 java_home=$2
root=$(cd "${0%/*}/../.." && pwd)
new=$target/secfilt.new
lib=$new/lib
rm -rf "$new"
mkdir -p "$new/bin" "$lib" "$new/policies"
cp "$target/native/secfilt" "$new/bin/"
if [ -d "$root/policies" ]; then
    cp -r "$root/policies/." "$new/policies/"
fi
cp "$target/jffi/jni/$(uname -m)-Linux/"*.so "$lib/"
cp "$root/src/dist/jvm.options" "$lib/"
printf '%s\n' "$java_home" > "$lib/java-home"

# JDK 17 archives old classes as they are; for later ones they are brought up to date. Without that they are read from the jar, 40 ms.
if ! grep -q '^JAVA_VERSION="17\.' "$java_home/release" 2> /dev/null && [ -f "$target/asm/asm.jar" ]; then
    "$java_home/bin/java" -cp "$target/asm/asm.jar:$target/libraries" "$root/src/dist/StackMaps.java" "$target/libraries/picocli" \
        || echo "assemble: picocli stays as old as it is: secfilt works, but starts slower" >&2
fi

# One jar: a class that is looked up in vain (picocli does that) opens every jar of the class path, 10 ms.
"$java_home/bin/jar" --create --no-compress --no-manifest --file "$lib/secfilt.jar" \
    -C "$target/libraries" . -C "$target/classes" .
# The archive names the jar by time and size, but JDK 17 takes the time 0 for "unknown": so it stays valid in a copy.
touch -d @0 "$lib/secfilt.jar"

# Run the program as users will, note the classes each run loads, archive them all. A run that fails is no
# error: where nothing can be supervised the start-up classes are still worth having.
classes=$target/classlist
rm -f "$classes".*
runs=0
# In a network namespace of its own where that is permitted: a build leaves the machine's packet filter alone.
alone=
! unshare -n true 2> /dev/null || alone='unshare -n'
train() {
    runs=$((runs + 1))
    {
        grep -v '^-Xshare\|^-XX:SharedArchiveFile' "$root/src/dist/jvm.options"
        echo "-XX:DumpLoadedClassList=$(cd "$target" && pwd)/classlist.$runs"
    } > "$lib/jvm.options"
    # shellcheck disable=SC2086 # two words or none
    timeout 60 $alone "$new/bin/secfilt" "$@" < /dev/null > "$target/train.$runs.log" 2>&1 || true
    # The supervisor ends after the command, and writes its list until then. It runs in lib.
    for _ in $(seq 200); do
        find /proc/[0-9]*/cwd -maxdepth 0 -lname "$(cd "$lib" && pwd -P)" 2> /dev/null | grep -q . || return 0
        sleep 0.05
    done
}
train --help
train --allowed-netmask=127.0.0.0/8 true
train --version
train --allowed-port=8000-8099 -- no-such-command
# A judged connect and bind, a denial and its report; nothing is sent by either connect.
train --allowed-netmask=127.0.0.0/8 --allowed-port=9 -- bash -c \
    'exec 3<>/dev/udp/127.0.0.1/9; exec 4<>/dev/udp/10.77.0.1/9; (exec true) & wait'
train -v --no-outbound-network bash -c 'exec 4<>/dev/udp/127.0.0.1/9'
train --read-only=1 --allow-write=/dev/null --private-tmp --net=none --log=/dev/null -- sh -c ': > /dev/null; chmod 600 "$0"' "$lib/jvm.options"
train --allowed-bind=127.0.0.1 --violation-exit=9 bash -c 'exec 3<>/dev/tcp/127.0.0.1/9'
train --allowed-netmask=no/such
train explain --allowed-port=443 tcp 192.0.2.1:80 unix:/run/x.sock
train check "$new"/policies/*.yaml
train simulate --allowed-port=443 socket AF_INET SOCK_RAW 1
for policy in "$new"/policies/*.yaml; do
    [ -f "$policy" ] || continue
    train --policy "$policy" -- true
    train compile --policy "$policy"
done
cp "$root/src/dist/jvm.options" "$lib/"
# Later JDKs number the classes of a list, each run anew: the numbers are for loaders other than the built-in ones.
# All of our own are in it, run or not: where something fails there may be no descriptor left to read the jar by.
{
    cat "$classes".* 2> /dev/null | sed '/ super: /!s/ id: [0-9]*$//'
    (cd "$target/classes" && find org -name '*.class' | sed 's/\.class$//' | sort)
} | awk '!seen[$0]++' > "$classes" || true
if [ -s "$classes" ]; then
    # G1, as at run time: only it archives heap objects. The names must be those of a run: from inside lib.
    (cd "$lib" && "$java_home/bin/java" -XX:+UseG1GC -Xmx32m -Xlog:disable -Xshare:dump \
        -XX:SharedClassListFile="$(cd "$target" && pwd)/classlist" -XX:SharedArchiveFile=secfilt.jsa -cp secfilt.jar \
        > "$(cd "$target" && pwd)/archive.log" 2>&1) || rm -f "$lib/secfilt.jsa"
fi
[ -f "$lib/secfilt.jsa" ] || echo "assemble: no class archive: secfilt works, but starts slower" >&2

# In one rename, so that a run beside us finds all of it or none.
rm -rf "$target/secfilt.old"
[ ! -d "$target/secfilt" ] || mv "$target/secfilt" "$target/secfilt.old"
mv "$new" "$target/secfilt"
rm -rf "$target/secfilt.old"
