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

# Every second real field is odd, the others are even. Two networks of the second training learn from one half each and are tested
# on the other; the one that ships learns from both, by the same recipe. The first training paints on the odd half's red, blue
# and yellow.
real_halves

simulated sim-real 384 3000 101 --labels "$table"
simulated sim-balanced 384 3000 102 --mixed 0.4
simulated paint-real 384 2500 103 --labels "$table" --reference "$real" --only odd.txt
simulated paint-balanced 384 2500 104 --mixed 0.4 --reference "$real" --only odd.txt

simulated more-sim-real 384 1500 201 --labels "$table"
simulated more-sim-balanced 384 1500 202 --mixed 0.4
for half in odd even all; do
  simulated "more-paint-real-$half" 384 1250 203 --labels "$table" --reference "$real" --only "$half.txt"
  simulated "more-paint-balanced-$half" 384 1250 204 --mixed 0.4 --reference "$real" --only "$half.txt"
done
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
for half in odd even all; do
  trained "run-$half" --data more-sim-real --also more-sim-balanced --also "more-paint-real-$half" --also "more-paint-balanced-$half" \
    --also "$data/hpa/green_only=6" --also "real-$half=20" --init first/network.safetensors --set start.weights=network \
    --set start.prior=false --set training.epochs=1 --set optimiser.learning_rate=0.0006 --set optimiser.warm_up=0.1
done

mkdir -p reports
report reports/odd --run run-odd --data real-even --part all
report reports/even --run run-even --data real-odd --part all
report reports/crossed --report reports/odd --report reports/even --data real-all --frequencies "$table"
report reports/simulated --run run-all --data test-balanced --part all

[ -f model/manifest.json ] || "$trainer" package --run run-all --out model \
  --name "Drawn and real cells, DenseNet-121" --licence "MIT OR Apache-2.0" --limits "$(cat "$ROOT/scripts/model-limits.txt")" \
  --attribution "Training images: Human Protein Atlas, proteinatlas.org, and cells drawn by the Cytolens simulator" \
  --attribution "Initial weights: DenseNet trained on ImageNet, Zhuang Liu and others, BSD-3-Clause, by way of Keras applications" \
  --scores "80 real fields, each by a network trained alike that saw nothing of it=reports/crossed" \
  --scores "560 simulated fields, every location equally often=reports/simulated"
