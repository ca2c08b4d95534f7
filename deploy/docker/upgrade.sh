#!/bin/sh
# Upgrades the containers of docker-compose.yml while people talk, see docs/operating.md.
# With --back, goes back to the release before: the database stays as it is.
set -eu
cd "$(dirname "$0")/../.."
docker compose build secrets
if [ "${1:-}" != --back ]; then
  docker compose run --rm --no-deps secrets
  docker compose run --rm --no-deps migrate
fi

# Removes the containers of a service that are not in the list, after new ones did not become healthy.
remove_others() {
  for container in $(docker compose ps --all --quiet "$1"); do
    case "$2" in *"$container"*) ;; *) docker rm --force "$container" ;; esac
  done
}

# New containers start next to the old ones. Then the old ones stop: chat servers and gateways drain.
for service in user-service channel-service chat-service gateway; do
  old=$(docker compose ps --quiet "$service")
  if [ -z "$old" ]; then
    docker compose up --detach --no-deps --wait "$service"
    continue
  fi
  count=$(echo "$old" | wc -l)
  if ! docker compose up --detach --no-deps --no-recreate --wait --scale "$service=$((2 * count))" "$service"; then
    remove_others "$service" "$old"
    echo "The new containers of $service do not become healthy, and were removed. The old ones run on." >&2
    exit 1
  fi
  docker stop $old
  docker rm $old
done
