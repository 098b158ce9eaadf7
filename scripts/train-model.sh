#!/usr/bin/env bash
# Makes the model that ships, from nothing but third-party data: simulated and painted sets, a training on them, a second one with
# real fields, the reports and the package. docs/model.md has what came of it. Every part resumes where it was broken off.
#
# usage: scripts/train-model.sh DIR
#
# DIR            everything is made in it; the package is DIR/model
# CYTOLENS_DATA  the folder of real fields and ImageNet weights (../shared/data)
# TRAINER        a built trainer; without it one is built
set -euo pipefail

# shellcheck source=scripts/recipe.sh
. "$(dirname "${BASH_SOURCE[0]}")/recipe.sh"
begin_recipe "$@"

real="$data/hpa/images"
table="$data/hpa/kaggle_train_labels.csv"

# Every second real field lends its red, blue and yellow, and in the second training its green and labels; the network never sees
# anything of the others.
real_fields >fields.txt
awk 'NR % 2 == 1' fields.txt >painted-on.txt
awk 'BEGIN { print "Id,Part,Group" } { print $1 "," (NR % 2 ? "train" : "test") "," $1 }' fields.txt >unseen.csv
mkdir -p real
ln -sfn "$real" real/images
cp "$data/hpa/train.csv" real/train.csv
mkdir -p learnt-from
ln -sfn "$real" learnt-from/images
awk -F , 'NR == FNR { wanted[$1]; next } FNR == 1 || $1 in wanted' painted-on.txt real/train.csv >learnt-from/train.csv

simulated sim-real 384 3000 101 --labels "$table"
simulated sim-balanced 384 3000 102 --mixed 0.4
simulated paint-real 384 2500 103 --labels "$table" --reference "$real" --only painted-on.txt
simulated paint-balanced 384 2500 104 --mixed 0.4 --reference "$real" --only painted-on.txt

simulated more-sim-real 384 1500 201 --labels "$table"
simulated more-sim-balanced 384 1500 202 --mixed 0.4
simulated more-paint-real 384 1250 203 --labels "$table" --reference "$real" --only painted-on.txt
simulated more-paint-balanced 384 1250 204 --mixed 0.4 --reference "$real" --only painted-on.txt
simulated test-balanced 384 560 105

# trained NAME ARGUMENTS...: a run by the recipe for drawn cells, unless it is there.
trained() {
  local name="$1" resume=()
  shift
  [ ! -f "$name/run.json" ] || return 0
  [ ! -d "$name" ] || resume=(--resume)
  "$trainer" train --plain --device flex --recipe drawn --out "$name" --checkpoint-every 4 "$@" "${resume[@]}"
}
trained first --data sim-real --also sim-balanced --also paint-real --also paint-balanced --also "$data/hpa/green_only=6" \
  --init "$data/imagenet/densenet121.safetensors"
trained run --data more-sim-real --also more-sim-balanced --also more-paint-real --also more-paint-balanced \
  --also "$data/hpa/green_only=6" --also learnt-from=20 --init first/network.safetensors --set start.weights=network \
  --set start.prior=false --set training.epochs=1 --set optimiser.learning_rate=0.0006 --set optimiser.warm_up=0.1

# report NAME ARGUMENTS...: the run's scores, unless they are there.
report() {
  local name="$1"
  shift
  [ -f "reports/$name/index.html" ] || "$trainer" evaluate --run run --out "reports/$name" "$@"
}
mkdir -p reports
report unseen --data real --split unseen.csv --part test --frequencies "$table"
report simulated --data test-balanced --part all

[ -f model/manifest.json ] || "$trainer" package --run run --out model \
  --name "Drawn and real cells, DenseNet-121" --licence "MIT OR Apache-2.0" --limits "$(cat "$ROOT/scripts/model-limits.txt")" \
  --attribution "Training images: Human Protein Atlas, proteinatlas.org, and cells drawn by the Cytolens simulator" \
  --attribution "Initial weights: DenseNet trained on ImageNet, Zhuang Liu and others, BSD-3-Clause, by way of Keras applications" \
  --scores "40 real fields of which nothing was seen=reports/unseen" \
  --scores "560 simulated fields, every location equally often=reports/simulated"
