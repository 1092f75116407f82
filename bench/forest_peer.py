"""Trains scikit-learn's random forest on the latents written by forest_compare.ts; prints one JSON object."""
import json
import pathlib
import sys
import time

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import roc_auc_score

directory, trees, columns = pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])


def load(part):
    latents = np.fromfile(directory / f"{part}.f32", dtype="<f4").reshape(-1, columns)
    return latents, np.fromfile(directory / f"{part}.i8", dtype="i1")


(train, y), (test, t) = load("train"), load("test")
start = time.perf_counter()
forest = RandomForestClassifier(
    n_estimators=trees, criterion="entropy", max_depth=30, min_samples_split=5,
    max_features="sqrt", bootstrap=True, random_state=0, n_jobs=-1,
).fit(train, y)
probabilities = forest.predict_proba(test)[:, 1]
print(json.dumps({"auroc": roc_auc_score(t, probabilities), "seconds": time.perf_counter() - start}))
