# One image for API, worker and migrations. Debian, not Alpine: the Temporal core needs glibc.
FROM node:22-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --include=dev
COPY tsconfig.json tsconfig.build.json vite.config.mjs ./
COPY scripts ./scripts
COPY src ./src
RUN node scripts/build.mjs && npm prune --omit=dev

FROM node:22-bookworm-slim
# the Temporal client needs the certificates, which the slim image lacks
RUN apt-get update && apt-get install --no-install-recommends --yes ca-certificates && rm -rf /var/lib/apt/lists/*
WORKDIR /app
ENV NODE_ENV=production
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
# the published tables that `demo-data` loads
COPY tariffs ./tariffs
COPY scripts/worker-health.mjs ./scripts/
USER node
EXPOSE 8080
ENTRYPOINT ["node", "dist/src/main.js"]
CMD ["api"]
