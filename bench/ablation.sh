#!/usr/bin/env bash
# One command: what each part of the shipped model's training is worth. Trains DenseNet-121 from ImageNet weights on simulated fields, on
# painted ones, on both, and with real fields beside them; changes one thing at a time; scores each on the 80 real fields and on
# simulated ones; and prints the table of docs/model.md. What is there in the folder is used again, and what was broken off goes on.
#
# Crossed: every row is two networks. One learns from one half of the real fields (their red, blue and yellow are painted on, and where
# the row says so their green and labels are shown, too) and is tested on the other; the other the other way round. So each of
# the 80 is tested by a network that saw nothing of it.
#
# usage: bench/ablation.sh DIR
#
# DIR            everything is made in it
# CYTOLENS_DATA  the folder of real fields, of the challenge's table and of ImageNet weights (../shared/data)
# ROWS           some of the rows, the first of which the others are compared with (see `row`)
# SIZE           the side of fields in pixels (256), of which squares show half; each size needs a folder of its own
# SEEDS          seeds of each row ("1"); of several, probabilities are averaged over them, and scores of each stand in brackets
# TRAINER        a built trainer; without it one is built
set -euo pipefail

# shellcheck source=scripts/recipe.sh
. "$(dirname "${BASH_SOURCE[0]}")/../scripts/recipe.sh"
begin_recipe "$@"

read -ra rows <<<"${ROWS:-both simulated painted green real frozen whole}"
read -ra seeds <<<"${SEEDS:-1}"
size="${SIZE:-256}"
halves=(odd even)

real="$data/hpa/images"
table="$data/hpa/kaggle_train_labels.csv"
real_halves

simulated sim-real "$size" 800 601 --labels "$table"
simulated sim-balanced "$size" 800 602 --mixed 0.4
for half in "${halves[@]}"; do
  simulated "paint-real-$half" "$size" 800 603 --labels "$table" --reference "$real" --only "$half.txt"
  simulated "paint-balanced-$half" "$size" 800 604 --mixed 0.4 --reference "$real" --only "$half.txt"
done
simulated drawn "$size" 280 605

# row NAME HALF: the arguments of a row's training.
row() {
  local half="$2"
  local drawn=(--data sim-real --also sim-balanced --also "paint-real-$half" --also "paint-balanced-$half")
  local green=(--also "$data/hpa/green_only=6")
  local rich=(--data sim-real --also sim-balanced --also "paint-balanced-$half" "${green[@]}" --also "real-$half=20")
  local whole=("${rich[@]}" --set training.part=0 --set 'augmentation.crop=[1.0, 1.0]')
  case "$1" in
    simulated) arguments=(--data sim-real --also sim-balanced --set training.epochs=2) ;;
    painted) arguments=(--data "paint-real-$half" --also "paint-balanced-$half" --set training.epochs=2) ;;
    both) arguments=("${drawn[@]}") ;;
    green) arguments=("${drawn[@]}" "${green[@]}") ;;
    real) arguments=("${rich[@]}") ;;
    frozen) arguments=("${rich[@]}" --set start.frozen_epochs=1) ;;
    whole) arguments=("${whole[@]}") ;;
    asymmetric) arguments=("${rich[@]}" --set "loss={kind = 'asymmetric', gamma_present = 0.0, gamma_absent = 2.0, margin = 0.05}") ;;
    flawless) arguments=("${rich[@]}" --set flaws.veil=0 --set flaws.stretch=0 --set flaws.sharpness=0 --set flaws.noise=0 --set flaws.jpeg=0) ;;
    # Its head needs whole fields: to be compared with `whole`.
    described) arguments=("${whole[@]}" --set network.head=described) ;;
    *) die "no row $1" ;;
  esac
}

# trained ROW HALF SEED: a run and its scores, unless they are there.
trained() {
  local out="$1-$2-$3" resume=() arguments
  if [ ! -f "$out/run/run.json" ]; then
    row "$1" "$2"
    [ ! -d "$out/run" ] || resume=(--resume)
    "$trainer" train --plain --device flex --recipe drawn --out "$out/run" "${resume[@]}" \
      --init "$data/imagenet/densenet121.safetensors" --set input.size="$size" --set training.part=$((size / 2)) \
      --set training.epochs=1 --set average.decay=0.98 --set optimiser.warm_up=0.1 --set training.seed="$3" "${arguments[@]}"
  fi
  local other=even
  [ "$2" = odd ] || other=odd
  scored "$out" real "real-$other"
  scored "$out" simulated drawn
}
for seed in "${seeds[@]}"; do
  for name in "${rows[@]}"; do
    for half in "${halves[@]}"; do
      say "$name, $half half, seed $seed"
      trained "$name" "$half" "$seed"
    done
  done
done

python3 - "$table" "${seeds[*]}" "${rows[@]}" <<'PYTHON'
import csv
import json
import random
import sys
from functools import lru_cache

COUNT, DRAWS = 28, 1000
table, seeds, rows = sys.argv[1], sys.argv[2].split(), sys.argv[3:]


@lru_cache(None)
def answers(row, seed, half, test):
    """Id to truth, labels present by the run's thresholds, and probabilities."""
    with open(f"{row}-{half}-{seed}/{test}/predictions.csv", newline="") as file:
        lines = list(csv.reader(file))[1:]
    return {
        line[0]: (frozenset(line[1].split()), frozenset(line[2].split()), [float(value) for value in line[3:]])
        for line in lines
    }


def fields(row, seed):
    """The 80 fields, each by the network that saw nothing of it, in one order for all rows."""
    found = {**answers(row, seed, "odd", "real"), **answers(row, seed, "even", "real")}
    return [found[name] for name in sorted(found)]


def ranking(truth, probabilities):
    """The mean, over the true labels, of the share of true ones among all that are as probable."""
    true = [int(label) for label in truth]
    shares = []
    for label in true:
        before = [other for other in range(COUNT) if probabilities[other] >= probabilities[label]]
        shares.append(sum(other in true for other in before) / len(before))
    return sum(shares) / len(shares)


def macro_f1(counts):
    """The mean F1 over the locations that are present; counts: of each location right, told and true."""
    values = [2 * right / (told + true) for right, told, true in counts if true]
    return sum(values) / len(values)


def counted(samples):
    counts = [[0, 0, 0] for _ in range(COUNT)]
    for truth, present, _ in samples:
        for label in present & truth:
            counts[int(label)][0] += 1
        for label in present:
            counts[int(label)][1] += 1
        for label in truth:
            counts[int(label)][2] += 1
    return counts


def scores(samples):
    """LRAP, macro-F1 over locations present, and the share of fields whose first label is right."""
    first = sum(str(max(range(COUNT), key=sample[2].__getitem__)) in sample[0] for sample in samples) / len(samples)
    return [sum(ranking(sample[0], sample[2]) for sample in samples) / len(samples), macro_f1(counted(samples)), first]


def averaged(row):
    """The fields with the probabilities averaged over the seeds; labels are present where more than half of the seeds say so."""
    by_seed = [fields(row, seed) for seed in seeds]
    mean = []
    for same in zip(*by_seed):
        present = frozenset(label for label in map(str, range(COUNT)) if 2 * sum(label in one[1] for one in same) > len(same))
        probabilities = [sum(values) / len(values) for values in zip(*(one[2] for one in same))]
        mean.append((same[0][0], present, probabilities))
    return mean


def middle(values):
    ordered = sorted(values)
    return ordered[round(0.025 * (len(ordered) - 1))], ordered[round(0.975 * (len(ordered) - 1))]


def each(values):
    return f" ({', '.join(f'{value:.3f}' for value in values)})" if len(values) > 1 else ""


def read(row, seed, half, *path):
    with open("/".join([f"{row}-{half}-{seed}", *path])) as file:
        return json.load(file)


samples = {row: averaged(row) for row in rows}
size = len(samples[rows[0]])
chance = random.Random(1)
draws = [[chance.randrange(size) for _ in range(size)] for _ in range(DRAWS)]
drawn = {row: [scores([samples[row][place] for place in draw]) for draw in draws] for row in rows}

with open(table, newline="") as file:
    labels = [line["Target"].split() for line in csv.DictReader(file)]
frequencies = [sum(str(number) in those for those in labels) / len(labels) for number in range(COUNT)]
always = scores([(truth, frozenset(), frequencies) for truth, _, _ in samples[rows[0]]])
print(f"{size} real fields; answering with the frequencies: LRAP {always[0]:.3f}, first label right {always[2]:.2f}\n")
print(f"| row | images shown | LRAP | over {rows[0]} | macro-F1, locations present | over {rows[0]} | first label right "
      "| LRAP, simulated | minutes |")
print("|---|---|---|---|---|---|---|---|---|")
for row in rows:
    value = scores(samples[row])
    cells = [row, f"{sum(read(row, seeds[0], half, 'run', 'run.json')['metrics']['shown'] for half in ['odd', 'even']) / 2:.0f}"]
    for score in [0, 1]:
        low, high = middle([one[score] for one in drawn[row]])
        cells.append(f"{value[score]:.3f} [{low:.3f}, {high:.3f}]" + each([scores(fields(row, seed))[score] for seed in seeds]))
        low, high = middle([one[score] - other[score] for one, other in zip(drawn[row], drawn[rows[0]])])
        difference = value[score] - scores(samples[rows[0]])[score]
        cells.append("" if row == rows[0] else f"{difference:+.3f} [{low:+.3f}, {high:+.3f}]")
    cells.append(f"{value[2]:.2f}")
    runs = [(seed, half) for seed in seeds for half in ["odd", "even"]]
    simulated = [read(row, seed, half, "simulated", "evaluation.json")["evaluation"] for seed, half in runs]
    cells.append(f"{sum(one['label_ranking_average_precision']['value'] for one in simulated) / len(runs):.3f}")
    cells.append(f"{sum(read(row, seed, half, 'run', 'run.json')['metrics']['seconds'] for seed, half in runs) / 60:.1f}")
    print("|", " | ".join(cells), "|")
PYTHON
