#!/usr/bin/env bash
# One command: the comparison of docs/comparison.md. DenseNet-121 from ImageNet weights and from random ones, each at two sizes, and
# ResNet-50 and All-CNN from random ones, all shown the same simulated and painted fields; scored on other simulated fields, and on
# real ones of which nothing was painted on. What is there in the folder is used again, and what was broken off goes on.
#
# usage: bench/comparison.sh DIR
#
# DIR            everything is made in it; the tables are DIR/compared/comparison
# CYTOLENS_DATA  the folder of real fields and of ImageNet weights (../shared/data)
# TRAINER        a built trainer; without it one is built
set -euo pipefail

# shellcheck source=scripts/recipe.sh
. "$(dirname "${BASH_SOURCE[0]}")/../scripts/recipe.sh"
begin_recipe "$@"

real_halves
simulated cells 256 1500 602 --mixed 0.4
simulated painted 256 1250 604 --mixed 0.4 --reference "$data/hpa/images" --only odd.txt
simulated simulated 256 560 606 --mixed 0.4
ln -sfn "$data/imagenet" imagenet

# recipe START NETWORK SIZE: the default recipe for another start, network and size.
recipes=()
recipe() {
  mkdir -p "$2-$3"
  sed -e "s/^weights = .*/weights = \"$1\"/" -e "s/^architecture = .*/architecture = \"$2\"/" -e "s/^size = .*/size = $3/" \
    "$ROOT/trainer/recipes/default.toml" >"$2-$3/$1.toml"
  recipes+=("$2-$3/$1.toml")
}
recipe imagenet densenet-121 64
recipe imagenet densenet-121 96
recipe random densenet-121 64
recipe random resnet-50 64
recipe random all-cnn 64
recipe random densenet-121 96

resume=()
[ ! -d compared ] || resume=(--resume)
"$trainer" compare --plain --device flex --data cells --also painted --test simulated --test real-even --out compared \
  --recipes "$(IFS=,; echo "${recipes[*]}")" --set 'split.shares=[0.8, 0.1, 0.1]' --set training.epochs=6 \
  --set training.accumulation=1 --set start.frozen_epochs=0 --set average.decay=0.98 --set optimiser.learning_rate=0.0007 \
  --set optimiser.backbone_share=1.0 --set evaluation.views=1 "${resume[@]}"
