"""Makes probes.json: what scikit-learn's probes achieve on latents drawn here.

Run with a Python that has numpy and scikit-learn (made with scikit-learn 1.2.1):

    python3 tests/eval/golden/make_probes.py && deno fmt tests/eval/golden/probes.json

The latents are shaped like those of a VAE: a few hidden factors spread over many dimensions of unequal scale. They are
stored as 16-bit integers of thousandths, so that both sides train on exactly the same numbers; the forests' probabilities
as ten-thousandths. The regressions are solved by newton-cg, because lbfgs stops some 3e-4 away from the minimum.
"""
import base64
import json
import pathlib

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

TRAIN, TEST, COLUMNS, FACTORS, CLASSES = 1500, 1000, 24, 6, 4
TREES, FOREST_SEEDS = 1000, 4
random = np.random.default_rng(7)


def encode(values):
    return base64.b64encode(np.asarray(values, dtype="<i2").tobytes()).decode()


def draw_latents(rows):
    factors = random.standard_normal((rows, FACTORS))
    noise = random.standard_normal((rows, COLUMNS))
    return factors, np.tanh(factors @ mixing) * scales + 0.5 * noise * scales


mixing = random.standard_normal((FACTORS, COLUMNS)) / np.sqrt(FACTORS)
scales = 0.3 + 1.2 * random.random(COLUMNS)
factors, latents = draw_latents(TRAIN + TEST)
stored = np.rint(latents * 1000).astype(np.int16)
latents = stored.astype(np.float64) / 1000
noise = random.standard_normal(len(factors))
logits = {
    "linear": 1.2 * factors[:, 0] - 0.8 * factors[:, 1] + noise,
    "interaction": 1.5 * factors[:, 0] * factors[:, 2] + noise,
    "rare": 0.9 * factors[:, 3] + 0.4 * np.abs(factors[:, 1]) + noise - 2.2,
    "faint": 0.5 * factors[:, 4] + 0.3 * factors[:, 5] ** 2 + 1.5 * noise,
}
classes = np.argmax(factors[:, :CLASSES] + 0.5 * random.standard_normal((len(factors), CLASSES)), axis=1)

train, test = latents[:TRAIN], latents[TRAIN:]
labels = []
for name, logit in logits.items():
    target = (logit > 0).astype(int)
    y, t = target[:TRAIN], target[TRAIN:]
    logistic = LogisticRegression(solver="newton-cg", tol=1e-10, max_iter=10000).fit(train, y)
    aurocs, mean = [], 0
    for seed in range(FOREST_SEEDS):
        forest = RandomForestClassifier(
            n_estimators=TREES, criterion="entropy", max_depth=30, min_samples_split=5,
            max_features="sqrt", bootstrap=True, random_state=seed, n_jobs=2,
        ).fit(train, y)
        probabilities = forest.predict_proba(test)[:, 1]
        aurocs.append(roc_auc_score(t, probabilities))
        mean = mean + probabilities / FOREST_SEEDS
    labels.append({
        "name": name,
        "target": "".join(map(str, target)),
        "logistic": {
            "coef": logistic.coef_[0].tolist(),
            "intercept": logistic.intercept_[0],
            "auroc": roc_auc_score(t, logistic.predict_proba(test)[:, 1]),
        },
        "forestAurocs": aurocs,
        "forestProbabilities": encode(np.rint(mean * 10000)),
    })
    print(name, target.mean(), labels[-1]["logistic"]["auroc"], aurocs)

softmax = LogisticRegression(
    multi_class="multinomial", solver="newton-cg", tol=1e-10, max_iter=10000
).fit(train, classes[:TRAIN])
separable = np.array([[-2.0, 0.3], [-1.0, -0.1], [-1.5, 0.2], [1.0, 0.1], [2.0, -0.4], [1.2, 0.0]])
split = LogisticRegression(C=1e4, solver="newton-cg", tol=1e-12, max_iter=100000).fit(separable, [0, 0, 0, 1, 1, 1])
golden = {
    "train": TRAIN,
    "test": TEST,
    "columns": COLUMNS,
    "latents": encode(stored),
    "trees": TREES,
    "labels": labels,
    "softmax": {
        "classes": CLASSES,
        "target": "".join(map(str, classes)),
        "coef": softmax.coef_.tolist(),
        "intercept": softmax.intercept_.tolist(),
        "accuracy": softmax.score(test, classes[TRAIN:]),
        "auroc": roc_auc_score(classes[TRAIN:], softmax.predict_proba(test), multi_class="ovr", average="macro"),
    },
    "separable": {
        "X": separable.tolist(),
        "y": [0, 0, 0, 1, 1, 1],
        "C": 1e4,
        "coef": split.coef_[0].tolist(),
        "intercept": split.intercept_[0],
    },
}
path = pathlib.Path(__file__).parent / "probes.json"
path.write_text(json.dumps(golden) + "\n")
print(path, path.stat().st_size, "bytes", golden["softmax"]["accuracy"], golden["softmax"]["auroc"], golden["separable"])
