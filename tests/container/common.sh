# Sourced by prepare and run: where the images are, and how containers are run without an engine, as root of a machine that may be a container itself.
work=${INIT_CONTAINER_WORK:-$PWD/out/container}
mkdir -p "$work"
# Copying whole disks (vfs) works everywhere and is slow; an overlay needs the kernel's, and no overlay below it.
driver=vfs
if grep -qw overlay /proc/filesystems && [ "$(stat -f -c %T "$work")" != overlayfs ]; then driver=overlay; fi
storage=(--root "$work/storage" --runroot "$work/run" --storage-driver "${INIT_CONTAINER_STORAGE:-$driver}")
podman=(podman "${storage[@]}" --runtime runc --cgroup-manager cgroupfs)
buildah=(buildah "${storage[@]}")
# Limits that every machine can give; the network is the caller's, who has one of his own. Health checks would need systemd's timers: the tests run them by hand.
run_flags=(--network host --no-healthcheck --ulimit nofile=20000:20000 --ulimit nproc=1000:1000 --pull never)
base_image=localhost/init-test-base:bookworm
plain_image=localhost/init-test:plain
stack_image=localhost/init-test:stack
