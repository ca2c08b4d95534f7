#!/usr/bin/env bash
# Sends one line to a room and prints what the server sends within a second. Needs only grpcurl.
#
#   examples/grpcurl/chat.sh carol 'correct horse' cave hello [user-service] [channel-service]
#
# Registers the account and creates the room. Reflection must be on, as it is with `npm start`.
set -euo pipefail
if [ $# -lt 4 ]; then
  echo "usage: $0 <user> <password> <room> <text> [user-service] [channel-service]" >&2
  exit 64
fi
user=$1 password=$2 room=$3 text=$4
user_service=${5:-localhost:50051} channel_service=${6:-localhost:50052}

call() { # call <address> <token> <method> <request>
  grpcurl -plaintext -H "authorization: Bearer $2" -d "$4" "$1" "chat.v1.$3"
}

field() { # the first string or number with this name in the JSON on stdin
  sed -n "s/^ *\"$1\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}$/\1/p" | head -n 1
}

credentials="{\"user_id\":\"$user\",\"password\":\"$password\",\"name\":\"$user\"}"
call "$user_service" none UserService/Register "$credentials" 2>/dev/null || echo "using the existing account" >&2
login="{\"user_id\":\"$user\",\"password\":\"$password\"}"
token=$(call "$user_service" none UserService/Login "$login" | field token)

channel=$(call "$channel_service" "$token" ChannelService/Create "{\"name\":\"$room\",\"limit\":5}" | field id)
seat=$(call "$channel_service" "$token" ChannelService/Listen "{\"id\":$channel}")

message="{\"data\":\"$(printf %s "$text" | base64 -w0)\"}"
(echo "$message"; sleep 1) |
  call "$(echo "$seat" | field addr)" "$(echo "$seat" | field token)" ChatService/Connect @ |
  field data | base64 -d
echo
