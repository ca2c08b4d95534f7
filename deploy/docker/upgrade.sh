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
# New containers start next to the old ones. Then the old ones stop: chat servers and gateways drain.
for service in user-service channel-service chat-service gateway; do
  old=$(docker compose ps --quiet "$service")
  count=$(echo "$old" | wc -l)
  docker compose up --detach --no-deps --no-recreate --wait --scale "$service=$((2 * count))" "$service"
  docker stop $old
  docker rm $old
done
