#!/usr/bin/env bash
# One command: what painting rare samples anew is worth to a classifier. Trains it on simulated fields whose rare samples come once, come
# again as they are, or come again with red, blue and yellow painted anew from their green; scores it on simulated and on real fields
# and prints the table of docs/augmentation.md. What is there in the folder is used again, and what was broken off goes on.
#
# usage: bench/repaint.sh DIR
#
# DIR            everything is made in it
# CYTOLENS_DATA  the folder of real fields, of the challenge's table and of ImageNet weights (../shared/data)
# SEEDS          seeds of each training ("1 2"); the table has means, and the lowest and the highest in brackets
# EPOCHS         the epochs of each (4: some 5 minutes of two cores)
# TRAINER        a built trainer; without it one is built
set -euo pipefail

# shellcheck source=scripts/recipe.sh
. "$(dirname "${BASH_SOURCE[0]}")/../scripts/recipe.sh"
begin_recipe "$@"

read -ra seeds <<<"${SEEDS:-1 2}"
epochs="${EPOCHS:-4}"

simulated cells 256 750 401 --labels "$data/hpa/kaggle_train_labels.csv"
simulated drawn 256 560 402
[ -f split.csv ] || "$trainer" split --data cells --out split.csv --shares 0.8,0.15,0.05 --seed 1
awk -F , '$2 == "train" { print $1 }' split.csv >to-train-on.txt

# painter CHANNEL: the package of a painter of it from green, which learnt from the fields to train on.
painter() {
  local out="painters/$1" resume=()
  [ ! -f "$out/model/manifest.json" ] || return 0
  if [ ! -f "$out/run/run.json" ]; then
    [ ! -d "$out/run" ] || resume=(--resume)
    "$trainer" train-painter --data cells --only to-train-on.txt --out "$out/run" "${resume[@]}" \
      --set "channels={from = ['green'], paint = '$1'}" --set network.size=192 --set training.part=96 --set training.epochs=4 \
      --set training.validation=40 --set fields.repeats=1
  fi
  rm -rf "$out/model"
  "$trainer" package --run "$out/run" --out "$out/model"
}
painters=()
for channel in blue red yellow; do
  say "painter of $channel"
  painter "$channel"
  painters+=(--painter "painters/$channel/model")
done
if [ ! -f repainted/train.csv ]; then
  resume=()
  [ ! -d repainted ] || resume=(--resume)
  "$trainer" repaint --data cells --split split.csv "${painters[@]}" --out repainted "${resume[@]}"
fi

# trained ROW SEED ARGUMENTS...: a run and its scores, unless they are there. Answers are for the frequencies of the first set and labels
# are present by them, so that no row gains by answering rare labels more often.
trained() {
  local out="$1-$2" seed="$2" resume=()
  shift 2
  if [ ! -f "$out/run/run.json" ]; then
    [ ! -d "$out/run" ] || resume=(--resume)
    "$trainer" train --plain --device flex --data cells --split split.csv --out "$out/run" "${resume[@]}" \
      --init "$data/imagenet/densenet121.safetensors" --set training.seed="$seed" --set training.epochs="$epochs" \
      --set input.composition=rgby --set input.size=96 --set training.batch=8 --set training.accumulation=1 \
      --set training.frequencies=set --set training.best_by=ranking --set start.frozen_epochs=0 --set average.decay=0.95 \
      --set optimiser.warm_up=0.2 --set 'augmentation.crop=[1.0, 1.0]' --set "loss={kind = 'cross-entropy'}" \
      --set thresholds.odds=3 --set evaluation.views=1 "$@"
  fi
  scored "$out" simulated drawn
  scored "$out" real "$data/hpa"
}
for seed in "${seeds[@]}"; do
  say "seed $seed"
  trained once "$seed" --set repeats.threshold=0
  trained repeated "$seed"
  trained repainted "$seed" --set repeats.threshold=0 --also repainted
done

python3 - "$epochs" "${seeds[@]}" <<'PYTHON'
import csv
import json
import sys

RARE = 0.03
ROWS = {
    "once": "come once",
    "repeated": "repeated as they are",
    "repainted": "painted anew in place of repeats",
}
epochs, seeds = int(sys.argv[1]), sys.argv[2:]


def table(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def read(path):
    with open(path) as file:
        return json.load(file)


def mean(values, digits=3):
    """The mean, and of several values the lowest and the highest."""
    text = f"{sum(values) / len(values):.{digits}f}"
    return text if len(values) == 1 else f"{text} ({min(values):.{digits}f} to {max(values):.{digits}f})"


trained_on = {row["Id"] for row in table("split.csv") if row["Part"] == "train"}
labels = [row["Target"].split() for row in table("cells/train.csv") if row["Id"] in trained_on]
rare = [number for number in range(28) if sum(str(number) in those for those in labels) < RARE * len(labels)]


def rare_precision(evaluation):
    values = [evaluation["classes"][number]["average_precision"] for number in rare]
    return sum(values) / len(values)


print(f"{len(rare)} rare locations, {len(labels)} samples\n")
print("| rare samples | showings an epoch | macro-F1, simulated | average precision of rare locations, simulated | LRAP, simulated "
      "| macro-F1 of locations present, real | LRAP, real | minutes |")
print("|---|---|---|---|---|---|---|---|")
for row, name in ROWS.items():
    runs = [read(f"{row}-{seed}/run/run.json")["metrics"] for seed in seeds]
    drawn, real = ([read(f"{row}-{seed}/{test}/evaluation.json")["evaluation"] for seed in seeds] for test in ["simulated", "real"])
    cells = [
        name,
        mean([run["shown"] / epochs for run in runs], 0),
        mean([one["estimates"]["macro_f1"]["value"] for one in drawn]),
        mean([rare_precision(one) for one in drawn]),
        mean([one["label_ranking_average_precision"]["value"] for one in drawn]),
        mean([one["estimates"]["macro_f1_present"]["value"] for one in real]),
        mean([one["label_ranking_average_precision"]["value"] for one in real]),
        mean([run["seconds"] / 60 for run in runs], 1),
    ]
    print("|", " | ".join(cells), "|")
PYTHON
