# Millrace. Built by "docker compose build"; docs/15-service.md says how it is run.
FROM node:24-bookworm-slim AS build
WORKDIR /opt/millrace
COPY . .
# Installs the pinned Node.js and all else, builds the web pages, prints the version; what only building and tests need is left out then.
RUN npm start --silent -- --version && npm prune --omit=dev \
  && ln -s "$(node --input-type=module -e 'import { findNode } from "/opt/millrace/scripts/lib/runtime.mjs"; console.log(findNode())')" /opt/millrace/node

FROM node:24-bookworm-slim
# Conversions between codecs need it.
RUN apt-get update && apt-get install -y --no-install-recommends ffmpeg && rm -rf /var/lib/apt/lists/*
COPY --from=build /opt/millrace /opt/millrace
RUN useradd --system --home-dir /data --shell /usr/sbin/nologin millrace && install -d -o millrace -g millrace -m 0700 /data
USER millrace
WORKDIR /data
ENV STATE_DIRECTORY=/data MILLRACE_HOST=:: MILLRACE_LOG_FORMAT=json
VOLUME /data
EXPOSE 8554 8322 8000/udp 8001/udp 1935 1936 8888 8889 8189/udp 8189 9997 9998
STOPSIGNAL SIGTERM
ENTRYPOINT ["/opt/millrace/node", "/opt/millrace/packages/server/src/main.ts"]
