"""Writes the Parquet files that read_parquet_test.ts reads, with pandas 3.0.6 and pyarrow 25.0.1.

Run in this folder: python make_parquet_golden.py
"""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

# The images of smallIndex(), in its order.
IDS = [
    name
    for k in range(6)
    for name in ([f"frontal-{k}", f"second-{k}", f"lateral-{k}"] if k % 3 == 0 else [f"frontal-{k}", f"lateral-{k}"])
]
VECTORS = np.array([[i, i + 0.5, -i] for i in range(len(IDS))], dtype="float32")
NAMES = [str(d) for d in range(VECTORS.shape[1])]

lists = pd.DataFrame({"dicom_id": IDS, "age": 50.5, "embedding": list(VECTORS)})
for codec in ["snappy", "gzip", "zstd", "brotli", None]:
    lists.to_parquet(f"list_{codec or 'plain'}.parquet", index=False, compression=codec)
lists.set_index("dicom_id").to_parquet("index.parquet")

wide = pd.DataFrame(VECTORS, columns=NAMES)
wide.insert(0, "dicom_id", IDS)
wide.to_parquet("wide_f32.parquet")
wide.astype({name: "float64" for name in NAMES}).add_prefix("feature_").rename(
    columns={"feature_dicom_id": "dicom_id"}
).to_parquet("wide_f64_groups.parquet", row_group_size=5)
wide.to_parquet("wide_streams.parquet", use_byte_stream_split=NAMES, use_dictionary=["dicom_id"])
wide.to_parquet("wide_checksum.parquet", write_page_checksum=True, data_page_version="2.0", compression="gzip")

fixed = pa.FixedSizeListArray.from_arrays(pa.array(VECTORS.ravel()), VECTORS.shape[1])
pq.write_table(
    pa.table({"image": IDS, "embedding": fixed}), "fixed_v2_groups.parquet", row_group_size=4, data_page_version="2.0"
)
half = pa.array(list(VECTORS.astype("float16")))
pq.write_table(
    pa.table({"path": IDS, "embedding": half}),
    "half_small_pages.parquet",
    data_page_size=16,
    write_batch_size=2,
    use_compliant_nested_type=False,
)

studies = pd.DataFrame({"study_id": np.arange(50_000_000, 50_000_006), "0": np.arange(6.0), "1": np.arange(6.0)})
studies.to_parquet("studies_int64.parquet", index=False)
studies.astype({"study_id": "int32"}).to_parquet("studies_int32.parquet", index=False)
studies.astype({"study_id": "float64"}).to_parquet("studies_float64.parquet", index=False)
studies.astype({"study_id": str}).to_parquet("studies_text.parquet", index=False)
