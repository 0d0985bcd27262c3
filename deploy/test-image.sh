#!/bin/bash
# Makes the image, looks at it, sends it to a registry and back, and runs it: as a container,
# or by chroot where namespaces are missing. Needs musl-tools, umoci, xz-utils, skopeo, crun,
# docker-registry and curl of Debian, and root.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
processes=()
finish() {
    for process in "${processes[@]}"; do
        kill "$process" 2>/dev/null && wait "$process" || true
    done
    rm -rf "$work"
}
trap finish EXIT

sh deploy/image.sh "$work/image"

echo "== the image"
skopeo inspect --config "oci:$work/image:latest" | python3 -c '
import json, sys
config = json.load(sys.stdin)["config"]
assert config["User"] == "65532:65532", config
assert config["Entrypoint"] == ["/chatgpt-oauth"], config
assert set(config["Volumes"]) == {"/data", "/marks"}, config
print(config)
'
digest=$(skopeo inspect --format '{{.Digest}}' "oci:$work/image:latest")

echo "== a registry has the same image"
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cat >"$work/registry.yml" <<EOF
version: 0.1
storage:
  filesystem:
    rootdirectory: $work/registry
http:
  addr: 127.0.0.1:$port
EOF
docker-registry serve "$work/registry.yml" >"$work/registry.log" 2>&1 &
processes+=($!)
for _ in $(seq 100); do
    curl --silent --fail "http://127.0.0.1:$port/v2/" >/dev/null && break
    sleep 0.1
done
skopeo copy --quiet --dest-tls-verify=false "oci:$work/image:latest" "docker://127.0.0.1:$port/chatgpt-oauth:latest"
skopeo copy --quiet --src-tls-verify=false "docker://127.0.0.1:$port/chatgpt-oauth@$digest" "oci:$work/pulled:latest"
pulled=$(skopeo inspect --format '{{.Digest}}' "oci:$work/pulled:latest")
[ "$digest" = "$pulled" ] || { echo "$digest was sent, $pulled came back"; exit 1; }
echo "$digest"

echo "== it serves"
umoci unpack --image "$work/pulled:latest" "$work/bundle"
root=$work/bundle/rootfs
ls -ln "$root"
listen=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
admin=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
serve=(/chatgpt-oauth serve --listen "127.0.0.1:$listen" --admin-listen "127.0.0.1:$admin")
python3 - "$work/bundle/config.json" "${serve[@]}" <<'EOF'
import json, sys
path, *args = sys.argv[1:]
config = json.load(open(path))
config["process"]["args"] = args
config["process"]["terminal"] = False
config["root"]["readonly"] = True
# The test and the program share loopback.
config["linux"]["namespaces"] = [n for n in config["linux"]["namespaces"] if n["type"] not in ("network", "user", "cgroup")]
config["linux"].pop("resources", None)
config["mounts"] = [m for m in config["mounts"] if m["type"] not in ("cgroup", "sysfs", "mqueue")]
for directory in ("data", "marks"):
    config["mounts"].append({"destination": "/" + directory, "type": "bind", "source": path.replace("config.json", "rootfs/") + directory, "options": ["bind", "rw"]})
json.dump(config, open(path, "w"))
EOF

in_container() {
    crun --cgroup-manager=disabled run --bundle "$work/bundle" "chatgpt-oauth-test-$$"
}
in_chroot() {
    exec env --ignore-environment XDG_DATA_HOME=/data XDG_STATE_HOME=/marks \
        "$(command -v chroot)" --userspec=65532:65532 "$root" "${serve[@]}"
}
# Whether the program that was started last gets ready.
gets_ready() {
    for _ in $(seq 100); do
        kill -0 "${processes[-1]}" 2>/dev/null || return 1
        curl --silent --fail "http://127.0.0.1:$listen/readyz" >/dev/null && return 0
        sleep 0.1
    done
    return 1
}
in_container 2>"$work/serve.log" &
processes+=($!)
if gets_ready; then
    way="in a container"
else
    echo "crun cannot run it here: $(head -n 1 "$work/serve.log")"
    in_chroot 2>"$work/serve.log" &
    processes+=($!)
    gets_ready || { cat "$work/serve.log"; exit 1; }
    way="by chroot"
fi
[ "$(curl --silent --output "$work/refused" --write-out '%{http_code}' "http://127.0.0.1:$listen/v1/models")" = 401 ]
owner=$(stat --format %u "$root/data/chatgpt-oauth/openai.db")
[ "$owner" = 65532 ] || { echo "the store belongs to $owner"; exit 1; }
echo "the image serves as user 65532, $way"
