#!/bin/bash
# A machine of its own inside this one: the root of this system under a layer that is thrown away, systemd as its first
# process, no network but its own loopback. Called by test_systemd_walk.py inside new namespaces.
#   systemd_machine.sh FOLDER DEPLOY PYTHON PACKAGES SOURCE     FOLDER has walk.sh and gets what it says in said.txt
#   systemd_machine.sh --can FOLDER                             whether this can be done here at all
set -e
[ "$1" = --can ] && only_try=1 && shift
folder=$1 deploy=$2 python=$3 packages=$4 source=$5
mkdir -p "$folder/layer" "$folder/root"
root=$folder/root
mount -t tmpfs tmpfs "$folder/layer"
mkdir "$folder/layer/upper" "$folder/layer/work"
mount -t overlay overlay -o "lowerdir=/,upperdir=$folder/layer/upper,workdir=$folder/layer/work" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
for place in run tmp sys/fs/cgroup; do mount -t tmpfs tmpfs "$root/$place"; done
mount --rbind /dev "$root/dev"
mkdir "$root/sys/fs/cgroup/unified" "$root/sys/fs/cgroup/systemd"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup/unified"
mount -t cgroup -o none,name=systemd,xattr systemd "$root/sys/fs/cgroup/systemd"
ip link set lo up
[ -z "$only_try" ] || exit 0

bring() { mkdir -p "$root/$2" && mount --bind "$1" "$root/$2" && mount --make-private "$root/$2"; }
bring "$folder" walk
bring "$python" opt/python
bring "$packages" opt/packages
bring "$source" opt/source
grep -q ^punctual: "$root/etc/passwd" || useradd --root "$root" --system --no-create-home punctual
mkdir -p "$root/opt/punctual/bin" "$root/etc/punctual"
cat > "$root/opt/punctual/bin/punctual" <<'S'
#!/bin/sh
export PYTHONPATH=/opt/source:/opt/packages PYTHONDONTWRITEBYTECODE=1 LD_LIBRARY_PATH=/opt/python/lib
exec /opt/python/bin/python3 -m punctual "$@"
S
chmod 755 "$root/opt/punctual/bin/punctual"
(umask 077 && head -c 40 /dev/urandom | base64 -w0 > "$root/etc/punctual/secret")
echo PUNCTUAL_HOSTS=orders.example.com > "$root/etc/punctual.env"
cp "$deploy"/systemd/* "$root/etc/systemd/system/"
# To another machine it would go by rsync, which has nowhere to go here.
sed -i '/rsync/d' "$root/etc/systemd/system/punctual-backup.service"
cat > "$root/etc/systemd/system/walk.service" <<'S'
[Service]
Type=oneshot
ExecStart=/bin/bash /walk/walk.sh
StandardOutput=file:/walk/said.txt
StandardError=file:/walk/said.txt
S
printf '[Unit]\nWants=walk.service dbus.service\n' > "$root/etc/systemd/system/walk.target"
mount --make-rshared "$root" # a service's secret is shown to it by a mount that has to come through
exec chroot "$root" /usr/bin/env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin \
  /lib/systemd/systemd --unit=walk.target --log-target=console --show-status=false
