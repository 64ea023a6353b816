#!/usr/bin/env bash
# Builds the image, pushes it under a new tag, and lets ECR's scan decide whether image.json is
# written. Needs REPOSITORY_URI (the one ECR repository) and AWS credentials; IMAGE_SUFFIX names
# the change. Releases nothing: that is the release step's, after the approval.
set -euo pipefail

: "${REPOSITORY_URI:?REPOSITORY_URI is missing: the URI of the ECR repository, without a tag}"

IMAGE_TAG="$(python -m delivery.image_tag)"
export IMAGE_TAG
image="${REPOSITORY_URI}:${IMAGE_TAG}"
registry="${REPOSITORY_URI%%/*}"

aws ecr get-login-password | docker login --username AWS --password-stdin "${registry}"

# Without provenance the push is one manifest, which ECR can scan; with it, an index.
DOCKER_BUILDKIT=1 docker build \
  --provenance=false \
  --build-arg "APP_VERSION=${IMAGE_TAG}" \
  --tag "${image}" \
  .
docker push "${image}"

python -m delivery.scan_gate
