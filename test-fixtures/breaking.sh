# Sourced by a script of root's in a network namespace of a test's: programs of the host's that fail when they are told to, in
# mounts of its own, and all that a run of secfilt could change.
#
#   try LINE     runs it by bash: $code, what it said in the files out and err; the state after it in the file is, as that before in was
#   fails, how   files: the number of the program, counted from 1, that is to fail; before or after it has done its work
#   count        a file: how many were run in the last try
#
# A command that must not run is "touch ran". More that breaks something:
#
#   enter        goes into a cgroup of version 2 of its own, $two/own-$id
#   keep FILE    a sysctl below /proc/sys/net that cannot be written
#   late FAMILY SYSCTL   the same, of an interface that is still to be made
#   starve NAME  this program of iptables's has 3 MB of memory, which is enough for a hundred rules
#   clash N      the names that are asked for new interfaces are taken just before, N times
mount --make-rprivate /; umount -a -t cgroup,cgroup2; mount -t tmpfs none /run
id=$RANDOM$RANDOM; here=$PWD/case-$id; mkdir -p $here/real $here/bin; cd $here
cat > wrapper <<-END
	#!/bin/bash
	name=\${0##*/}
	exec 9> $here/lock; flock 9; n=\$((\$(cat $here/count) + 1)); echo \$n > $here/count; exec 9>&-
	case \$name in ip | nsenter) real=$here/real/\$name;; *) real=/usr/sbin/\$name;; esac
	if [ \$n = "\$(cat $here/fails)" ]; then
	    [ "\$(cat $here/how)" = after ] && \$real "\$@" > /dev/null
	    echo "no space for \$name" >&2; exit 4
	fi
	exec \$real "\$@"
END
chmod 755 wrapper; echo 0 > count; echo 0 > fails; echo before > how
for p in ip nsenter; do cp $(command -v $p) real/$p; mount --bind wrapper $(readlink -f $(command -v $p)); done
for v in '' 6; do for p in '' -nft -legacy; do for s in -save -restore; do cp wrapper bin/ip${v}tables$p$s; done; done; done
plain=$PATH
state() {
    (PATH=$plain; own=$(stat -L -c %i /proc/self/ns/net)
    for save in iptables-nft-save iptables-legacy-save ip6tables-nft-save ip6tables-legacy-save; do
        $save 2> /dev/null | grep '^-\|^:SECFILT'
    done
    $here/real/ip -o address | sed 's/ tentative//'; $here/real/ip -o link | sed 's/ [^ ]*group.*//'; $here/real/ip route; $here/real/ip -6 route
    for i in /proc/sys/net/ipv4/conf/*; do echo $i $(cat $i/forwarding $i/route_localnet); done
    for i in /proc/sys/net/ipv6/conf/*; do echo $i $(cat $i/forwarding $i/force_forwarding 2> /dev/null); done
    cut -d' ' -f5- /proc/self/mountinfo | grep -v nsfs; ls -R /run/secfilt 2>&1
    mkdir -p look; for kind in cgroup2 'cgroup -o net_cls'; do
        mount -t $kind none look && { find look -path "*secfilt-$own-*" -o -path "*secfilt-profiles-$cookie*"; umount look; }
    done)
}
cookie=$(python3 -c '
import socket
print(int.from_bytes(socket.socket().getsockopt(socket.SOL_SOCKET, 71, 8), "little"))')
state > was
try() {
    PATH=$here/bin:$plain; echo 0 > count; rm -f ran
    bash -c "$1" > out 2> err; code=$?
    PATH=$plain
    for i in $(seq 40); do state > is; cmp -s was is && break; [ -e ran ] || break; sleep 0.05; done
}
two=$here/two; mkdir two; mount -t cgroup2 none two; mkdir two/own-$id; state > was
leave() { # who has ended leaves its cgroup a moment later
    for i in two mem; do
        [ -d $here/$i/own-$id ] && echo $$ > $here/$i/cgroup.procs
        for j in $(seq 100); do [ -d $here/$i/own-$id ] && ! rmdir $here/$i/own-$id || break; sleep 0.02; done
    done
} 2> /dev/null
trap leave EXIT
enter() { echo $$ > $two/own-$id/cgroup.procs; }
keep() { mount --bind /proc/sys/net/$1 /proc/sys/net/$1; mount -o remount,bind,ro /proc/sys/net/$1; }
# The interface's files go with it, and the mounts with them.
late() {
    cat > ip <<-END
	#!/bin/bash
	$here/real/ip "\$@" || exit
	for f in /proc/sys/net/$1/conf/sfn*/$2; do [ -e \$f ] && mount --bind \$f \$f && mount -o remount,bind,ro \$f; done; exit 0
	END
    chmod 755 ip; mount --bind ip $(readlink -f $(command -v ip))
}
clash() {
    cat > ip <<-END
	#!/bin/bash
	read -r words
	if [[ \$words == *veth* ]]; then
	    echo >> $here/asked; [ \$(wc -l < $here/asked) -gt $1 ] || $here/real/ip link add \$(set -- \$words; echo \$3) type veth peer name sfnq\$(wc -l < $here/asked)
	fi
	{ [ -z "\$words" ] || echo "\$words"; cat; } | $here/real/ip "\$@"
	END
    chmod 755 ip; mount --bind ip $(readlink -f $(command -v ip)); : > asked
}
starve() {
    mkdir mem
    if mount -t cgroup -o memory none mem 2> /dev/null; then
        limit=memory.limit_in_bytes
    else
        limit=memory.max; mount -t cgroup2 none mem; echo +memory > mem/cgroup.subtree_control
    fi
    mkdir mem/own-$id; echo 3000000 > mem/own-$id/$limit
    printf '#!/bin/bash\necho $$ > %s\nexec /usr/sbin/%s "$@"\n' $here/mem/own-$id/cgroup.procs $1 > bin/$1
}
