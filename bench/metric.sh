#!/usr/bin/env bash
# One command: what metric learning and nearest neighbours bring. Trains DenseNet-121 on simulated fields with the classifier's loss, with
# a metric term beside it and with a metric term alone; lets each network, the nearest fields that it was trained on, and both together
# classify simulated and real fields; and prints the table of docs/training.md. What is there in the folder is used again, and what was
# broken off goes on.
#
# usage: bench/metric.sh DIR
#
# DIR            everything is made in it
# CYTOLENS_DATA  the folder of real fields and of ImageNet weights (../shared/data)
# ROWS           some of the trainings: classifier contrastive arcface contrastive-alone arcface-alone (all; some 8 minutes of two cores each)
# SEEDS          seeds of each training ("1"); of several, the table has means, and the lowest and the highest in brackets
# EPOCHS         the epochs of each (8)
# TRAINER        a built trainer; without it one is built
set -euo pipefail

# shellcheck source=scripts/recipe.sh
. "$(dirname "${BASH_SOURCE[0]}")/../scripts/recipe.sh"
begin_recipe "$@"

read -ra rows <<<"${ROWS:-classifier contrastive arcface contrastive-alone arcface-alone}"
read -ra seeds <<<"${SEEDS:-1}"

# Of 256 px, every location about equally often, a fifth with two.
simulated cells 256 600 501 --mixed 0.2
simulated drawn 256 280 502 --mixed 0.2
[ -f split.csv ] || "$trainer" split --data cells --out split.csv --shares 0.8,0.15,0.05 --seed 1

# The fields to train on, which alone are in an index.
if [ ! -d known ]; then
  rm -rf known.partial
  mkdir known.partial
  awk -F , 'NR == FNR { if ($2 == "train") wanted[$1]; next } FNR == 1 || $1 in wanted' split.csv cells/train.csv >known.partial/train.csv
  awk -F , 'FNR > 1 { print $1 }' known.partial/train.csv | while read -r id; do
    for channel in red green blue yellow; do ln -s "$PWD/cells/${id}_$channel.png" known.partial/; done
  done
  mv known.partial known
fi

# metric ROW: the recipe's table.
metric() {
  local by="by = 'label set'"
  case "$1" in
    classifier) echo "{kind = 'none'}" ;;
    contrastive) echo "{kind = 'contrastive', $by, weight = 0.1, alone = false, temperature = 0.1}" ;;
    arcface) echo "{kind = 'arcface', $by, weight = 0.03, alone = false, scale = 16.0, margin = 0.3}" ;;
    contrastive-alone) echo "{kind = 'contrastive', $by, weight = 1.0, alone = true, temperature = 0.1}" ;;
    arcface-alone) echo "{kind = 'arcface', $by, weight = 0.3, alone = true, scale = 16.0, margin = 0.3}" ;;
    *) die "no training $1" ;;
  esac
}

# trained ROW SEED: a run, its package, the index of what it was trained on, and the scores, unless they are there.
trained() {
  local out="$1-$2" resume=() table
  [ ! -f "$out/scores/neighbours.json" ] || return 0
  table="$(metric "$1")"
  if [ ! -f "$out/run/run.json" ]; then
    [ ! -d "$out/run" ] || resume=(--resume)
    "$trainer" train --plain --device flex --data cells --split split.csv --out "$out/run" "${resume[@]}" \
      --init "$data/imagenet/densenet121.safetensors" --set "metric=$table" --set training.seed="$2" \
      --set training.epochs="${EPOCHS:-8}" --set input.size=96 --set training.batch=32 --set training.accumulation=1 \
      --set training.best_by=ranking --set start.frozen_epochs=0 --set average.decay=0.95 --set optimiser.warm_up=0.2 \
      --set 'augmentation.crop=[1.0, 1.0]' --set repeats.threshold=0 --set evaluation.views=1
  fi
  # Some seconds each: made anew where they were broken off.
  rm -rf "$out/model" "$out/index" "$out/scores"
  "$trainer" package --run "$out/run" --out "$out/model"
  "$trainer" index --model "$out/model" --data known --side 0 --out "$out/index"
  "$trainer" neighbours --model "$out/model" --index "$out/index" --data cells --split split.csv --test drawn --test "$data/hpa" \
    --out "$out/scores"
}
for row in "${rows[@]}"; do
  for seed in "${seeds[@]}"; do
    say "$row, seed $seed"
    trained "$row" "$seed"
  done
done

python3 - "${seeds[*]}" "${rows[@]}" <<'PYTHON'
import json
import sys

seeds, rows = sys.argv[1].split(), sys.argv[2:]


def mean(values):
    """The mean, and of several values the lowest and the highest."""
    values = [0.0 if value is None else value for value in values]
    text = f"{sum(values) / len(values):.3f}"
    return text if len(values) == 1 else f"{text} ({min(values):.3f} to {max(values):.3f})"


def scores(row, test, answers, *keys):
    """A score of each seed on the set simulated (1) or real (2)."""
    for seed in seeds:
        with open(f"{row}-{seed}/scores/neighbours.json") as file:
            found = json.load(file)["tests"][test]["answers"][answers]
        for key in keys:
            found = found[key]
        yield found


print("| trained by | answered by | neighbours, network's share | macro-F1, simulated | LRAP, simulated | mAP, simulated "
      "| macro-F1 of locations present, real | LRAP, real | mAP, real |")
print("|---|---|---|---|---|---|---|---|---|")
for row in rows:
    for answers, name in enumerate(["network", "neighbours", "mixed"]):
        ways = zip(scores(row, 1, answers, "neighbours"), scores(row, 1, answers, "network_share"))
        cells = [row, name, "; ".join(f"{count}, {share:.2f}" for count, share in ways if count)]
        for test, f1 in [(1, "macro_f1"), (2, "macro_f1_present")]:
            cells.append(mean(scores(row, test, answers, f1, "value")))
            cells.append(mean(scores(row, test, answers, "label_ranking_average_precision", "value")))
            cells.append(mean(scores(row, test, answers, "mean_average_precision")))
        print("|", " | ".join(cells), "|")
PYTHON
