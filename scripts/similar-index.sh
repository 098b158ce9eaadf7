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

# shellcheck source=scripts/setup.sh
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
begin_recipe "$@"

# simulated NAME COUNT SEED ARGUMENTS...: a set of 384 px; one that was broken off goes on.
simulated() {
  local name="$1" count="$2" seed="$3"
  shift 3
  [ -f "$name/train.csv" ] || "$trainer" simulate --out "$name" --count "$count" --size 384 --seed "$seed" "$@"
}
simulated known 308 302 --mixed 0.2
simulated asked 112 303
simulated drawn 392 304

# The model learnt from every second real field, and saw no label of the others (scripts/train-model.sh). Links, for a folder
# counts with all that is in it.
real="$data/hpa/images"
rm -rf learnt-from unseen
mkdir learnt-from unseen
find "$real" -name '*_green.png' -printf '%f\n' | sed 's/_green.png$//' | LC_ALL=C sort | awk '{ print (NR % 2 ? "learnt-from" : "unseen"), $1 }' |
  while read -r folder id; do
    for channel in red green blue yellow; do ln -s "$real/${id}_$channel.png" "$folder/"; done
  done

rm -rf similar model
"$trainer" index --model "$ROOT/www/model" --data known --held-back asked --out similar --name "Simulated fields" \
  --licence "MIT OR Apache-2.0" --attribution "Cells drawn by the Cytolens simulator"
"$trainer" familiar --model "$ROOT/www/model" --data learnt-from --data drawn --held-back unseen --out model
ls -l similar model
