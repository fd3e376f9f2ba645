#!/bin/sh
# Puts the two servers that the tests need on this machine, from Debian's packages, and nothing when they can be had already:
#   RabbitMQ    AMQP_URL is set, or a Docker engine has (or can pull) the image, or the server is installed
#   PostgreSQL  DATABASE_URL is set, or the same
# The packages' own system services are not started: the tests run private servers of their own (tests/services_local.py).
# Installing needs root and apt-get; where either is missing the script says what to install and fails.
set -eu

image_at_hand() {
  command -v docker >/dev/null 2>&1 && docker info >/dev/null 2>&1 || return 1
  docker image inspect "$1" >/dev/null 2>&1 || docker pull -q "$1" >/dev/null 2>&1
}

have_rabbitmq() {
  for sbin in /usr/lib/rabbitmq/bin /usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin /opt/homebrew/opt/rabbitmq/sbin /usr/local/opt/rabbitmq/sbin; do
    [ -x "$sbin/rabbitmq-server" ] && return 0
  done
  command -v rabbitmq-server >/dev/null 2>&1
}

have_postgresql() {
  for bin in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /opt/homebrew/opt/postgresql*/bin /usr/local/opt/postgresql*/bin; do
    [ -x "$bin/initdb" ] && return 0
  done
  command -v initdb >/dev/null 2>&1
}

missing=""
[ -n "${AMQP_URL:-}" ] || have_rabbitmq || image_at_hand "${RABBITMQ_IMAGE:-rabbitmq:4-management}" || missing="rabbitmq-server"
[ -n "${DATABASE_URL:-}" ] || have_postgresql || image_at_hand "${POSTGRES_IMAGE:-postgres:17}" || missing="$missing postgresql"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
  cat >&2 <<TEXT
The tests need a real RabbitMQ and a real PostgreSQL; missing here: $missing. Any one of these will do:
  * Debian or Ubuntu: sudo tests/install_services.sh   (or: sudo apt-get install $missing)
  * macOS: brew install rabbitmq postgresql@17
  * a running Docker engine that can pull rabbitmq:4-management and postgres:17
  * servers of your own: AMQP_URL=amqp://... DATABASE_URL=postgresql+psycopg://... make test
TEXT
  exit 1
fi

# Debian asks policy-rc.d before a package starts its service: 101 forbids it. One that is there already is left alone.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  trap 'exit 130' INT TERM HUP
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod +x "$policy"
fi
log=$(mktemp)
echo "installing ${missing# } from Debian's packages (once)" >&2
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086  # two words are two packages
if ! { apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing; } >"$log" 2>&1; then
  tail -20 "$log" >&2
  echo "installing $missing failed; the whole log is in $log" >&2
  exit 1
fi
rm -f "$log"
