# mount_net_cls DIRECTORY, for tests to source. Where nobody has the hierarchy mounted any more the kernel gives it up, which takes it a
# moment, and seconds on a busy machine; mount(8) does not wait for that.
mount_net_cls() {
    for _ in $(seq 300); do
        mount -t cgroup -o net_cls none "$1" 2> "$1.err" && rm "$1.err" && return
        sleep 0.1
    done
    cat "$1.err" >&2
    return 1
}
