#!/usr/bin/env bash
# Makes what the page ships to compare fields by: the index of simulated fields, and the package with what its model learnt from
# summed up. docs/similar.md has what they are for. Sets of simulated fields are used again where they are there.
#
# usage: scripts/similar-index.sh DIR
#
# DIR            everything is made in it: DIR/similar is www/similar, and DIR/model/manifest.json that of www/model
# CYTOLENS_DATA  the folder of real fields (../shared/data)
# TRAINER        a built trainer; without it one is built
set -euo pipefail

# shellcheck source=scripts/recipe.sh
. "$(dirname "${BASH_SOURCE[0]}")/recipe.sh"
begin_recipe "$@"

simulated known 384 308 302 --mixed 0.2
simulated asked 384 112 303
simulated drawn 384 392 304

# The model learnt from all 80 real fields (scripts/train-model.sh): one half is summed up, and the other sets the limit. Links, for a
# folder counts with all that is in it.
real="$data/hpa/images"
rm -rf odd even
mkdir odd even
real_fields | awk '{ print (NR % 2 ? "odd" : "even"), $1 }' |
  while read -r folder id; do
    for channel in red green blue yellow; do ln -s "$real/${id}_$channel.png" "$folder/"; done
  done

rm -rf similar model
"$trainer" index --model "$ROOT/www/model" --data known --held-back asked --out similar --name "Simulated fields" \
  --licence "MIT OR Apache-2.0" --attribution "Cells drawn by the Cytolens simulator"
"$trainer" familiar --model "$ROOT/www/model" --data odd --data drawn --held-back even --out model
ls -l similar model
