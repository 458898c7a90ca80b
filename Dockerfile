# syntax=docker/dockerfile:1
# The image of all Batch jobs: the same entry code as the functions', with ffmpeg. CI builds and pushes it, and deploys
# it by its digest: docker buildx build --platform linux/arm64 --build-arg STACK=prod .

FROM node:24-trixie-slim AS build
ARG STACK=dev
ARG TARGETARCH=arm64
WORKDIR /project
COPY package.json package-lock.json .npmrc ./
COPY runtime/package.json runtime/
RUN npm ci --ignore-scripts
COPY . .
RUN node --import tsx infra/write-job-files.ts --stack "$STACK" --architecture "$TARGETARCH" --out /app

FROM node:24-trixie-slim
RUN apt-get update \
  && apt-get install -y --no-install-recommends ffmpeg \
  && rm -rf /var/lib/apt/lists/* /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /opt/yarn-* \
  && install -d -o node -g node -m 0700 /scratch
# Amazon's own certificates, with which its databases are signed and which Node does not know.
ADD --chmod=0444 https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem /etc/ssl/certs/rds.pem
COPY --from=build --chown=root:root /app /app
ENV NODE_ENV=production NODE_EXTRA_CA_CERTS=/etc/ssl/certs/rds.pem TMPDIR=/scratch
# The root is read-only in the job definition. On Fargate a volume belongs to the user who owns its folder in the image.
VOLUME /scratch
# By number, so that whoever starts it can see that it is not root.
USER 1000:1000
WORKDIR /app
ENTRYPOINT ["node", "index.mjs"]
